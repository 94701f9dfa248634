package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"berth/api/sigv4"
	"berth/ecs"
)

// ServerConfig is what a server is started with.
type ServerConfig struct {
	// Listen is host:port of the API; Data is the folder of the store and the key file.
	Listen string
	Data   string
	// Store names the engine: "pebble" (the default) or "memory".
	Store string
	// Region and Account stand in every ARN.
	Region, Account string
	Root            sigv4.Credentials
	// PublicURL is how agents reach the server, when it is not the address they called.
	PublicURL string
	// KeepStopped is how long stopped tasks stay describable; at least an hour (features.md B6.10).
	KeepStopped time.Duration
	// ProvisioningTimeout is how long a task may wait for capacity; 0 is 15 minutes. ECS: between 10 and 30 (semantics.md 5.14).
	ProvisioningTimeout time.Duration
	// Scaling says how machine groups grow and shrink.
	Scaling ScalingConfig
	// ClockOffset shifts the server's clock; for tests.
	ClockOffset time.Duration
	Logger      *slog.Logger
	// Out gets what a person should read; logs go to Logger.
	Out io.Writer
}

func (c *ServerConfig) realm() ecs.Realm { return ecs.Realm{Region: c.Region, Account: c.Account} }

var (
	account = regexp.MustCompile(`^[0-9]{12}$`)
	region  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

func (c *ServerConfig) check() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %q is not host:port: %w", c.Listen, err)
	}
	if c.ProvisioningTimeout == 0 {
		c.ProvisioningTimeout = 15 * time.Minute
	}
	switch {
	case c.ProvisioningTimeout < 0:
		return errors.New("--provisioning-timeout can not be negative")
	case c.Data == "" && c.Store != "memory":
		return errors.New("--data must name a folder")
	case !account.MatchString(c.Account):
		return fmt.Errorf("--account %q is not twelve digits", c.Account)
	case !region.MatchString(c.Region):
		return fmt.Errorf("--region %q is not a word such as us-east-1: small letters, digits and hyphens", c.Region)
	case c.PublicURL != "" && !httpURL(c.PublicURL):
		return fmt.Errorf("--public-url %q is not an http or https URL", c.PublicURL)
	case c.Root.AccessKeyID == "" || c.Root.SecretAccessKey == "":
		return errors.New("set BERTH_ACCESS_KEY_ID and BERTH_SECRET_ACCESS_KEY: they are the root credentials of this server")
	case c.KeepStopped < time.Hour:
		return errors.New("--keep-stopped must be at least 1h: ECS describes stopped tasks that long")
	}
	if c.Root.SecretAccessKey == DevSecretAccessKey && !loopback(host) {
		return fmt.Errorf("refusing to listen on %s with the well-known development secret: set BERTH_SECRET_ACCESS_KEY", c.Listen)
	}
	return nil
}

// httpURL reports whether s can be called: a scheme and a host.
func httpURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// DevAccessKeyID and DevSecretAccessKey are the root credentials of `berth dev` when none are set. They are no secret, so a server
// with them listens on loopback only.
const (
	DevAccessKeyID     = "berth"
	DevSecretAccessKey = "berth-secret"
)

// RootFromEnv reads the root credentials; dev falls back to the well-known ones.
func RootFromEnv(dev bool) sigv4.Credentials {
	c := sigv4.Credentials{
		AccessKeyID: os.Getenv("BERTH_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("BERTH_SECRET_ACCESS_KEY"),
	}
	if dev && c.AccessKeyID == "" && c.SecretAccessKey == "" {
		c = sigv4.Credentials{AccessKeyID: DevAccessKeyID, SecretAccessKey: DevSecretAccessKey}
	}
	return c
}

// DefaultData is the folder of a command ("dev", "server", "agent") when --data is not given.
func DefaultData(command string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == "" {
		return filepath.Join("/var/lib/berth", command)
	}
	return filepath.Join(home, ".berth", command)
}

// openHost is the address a client on this machine calls.
func openHost(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// NewLogger writes structured logs: text for people, JSON when asked for.
func NewLogger(out io.Writer, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level %q: %w", level, err)
	}
	options := &slog.HandlerOptions{Level: l}
	switch strings.ToLower(format) {
	case "text":
		return slog.New(slog.NewTextHandler(out, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(out, options)), nil
	}
	return nil, fmt.Errorf("--log-format %q is neither text nor json", format)
}
