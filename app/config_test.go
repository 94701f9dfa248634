package app

import (
	"bytes"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/api/sigv4"
)

func goodConfig(t *testing.T) ServerConfig {
	return ServerConfig{
		Listen: "127.0.0.1:0", Data: filepath.Join(t.TempDir(), "data"), Store: "memory", Region: "eu-west-1", Account: "000000000000",
		Root: sigv4.Credentials{AccessKeyID: "root", SecretAccessKey: "secret"}, KeepStopped: time.Hour,
	}
}

// Each fault is told before anything is opened, by the name of the flag that mends it.
func TestServerConfigIsChecked(t *testing.T) {
	good := goodConfig(t)
	if err := good.check(); err != nil {
		t.Fatalf("a good configuration: %v", err)
	}
	for _, tc := range []struct {
		name, want string
		spoil      func(*ServerConfig)
	}{
		{"no port", "--listen", func(c *ServerConfig) { c.Listen = "nonsense" }},
		{"no data", "--data", func(c *ServerConfig) { c.Data, c.Store = "", "pebble" }},
		{"short account", "--account", func(c *ServerConfig) { c.Account = "12" }},
		{"no region", "--region", func(c *ServerConfig) { c.Region = "" }},
		{"region of two words", "--region", func(c *ServerConfig) { c.Region = "EU West" }},
		{"region with a colon", "--region", func(c *ServerConfig) { c.Region = "eu:west" }},
		{"public URL without scheme", "--public-url", func(c *ServerConfig) { c.PublicURL = "berth.example:6790" }},
		{"public URL without host", "--public-url", func(c *ServerConfig) { c.PublicURL = "https://" }},
		{"no credentials", "BERTH_SECRET_ACCESS_KEY", func(c *ServerConfig) { c.Root.SecretAccessKey = "" }},
		{"short retention", "--keep-stopped", func(c *ServerConfig) { c.KeepStopped = time.Minute }},
		{"known secret for all", "BERTH_SECRET_ACCESS_KEY",
			func(c *ServerConfig) { c.Listen, c.Root.SecretAccessKey = "0.0.0.0:0", DevSecretAccessKey }},
	} {
		c := goodConfig(t)
		tc.spoil(&c)
		if err := c.check(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want one that names %s", tc.name, err, tc.want)
		}
	}
	good.PublicURL = "https://berth.example"
	if err := good.check(); err != nil {
		t.Errorf("a public URL: %v", err)
	}
}

func TestPortInUse(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	c := goodConfig(t)
	c.Listen = other.Addr().String()
	if err := RunServer(t.Context(), c); err == nil || !strings.Contains(err.Error(), "another berth") {
		t.Errorf("a port in use: %v", err)
	}
	c.Listen = "127.0.0.1:99999"
	if err := RunServer(t.Context(), c); err == nil || strings.Contains(err.Error(), "another berth") {
		t.Errorf("a port that is none: %v", err)
	}
}

// Whoever forgot the variables is told which credentials were tried.
func TestKeysSayWhichCredentialsWereUsed(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + silent.Addr().String()
	silent.Close() // nobody answers there now
	t.Setenv("BERTH_ACCESS_KEY_ID", "")
	t.Setenv("BERTH_SECRET_ACCESS_KEY", "")
	const hint = "those of berth dev were used"
	var out bytes.Buffer
	if err := ListKeys(t.Context(), url, &out); err == nil || !strings.Contains(err.Error(), hint) {
		t.Errorf("without variables: %v", err)
	}
	t.Setenv("BERTH_ACCESS_KEY_ID", "root")
	t.Setenv("BERTH_SECRET_ACCESS_KEY", "secret")
	if err := ListKeys(t.Context(), url, &out); err == nil || strings.Contains(err.Error(), hint) {
		t.Errorf("with variables: %v", err)
	}
	if err := ListKeys(t.Context(), "127.0.0.1:6790", &out); err == nil || !strings.Contains(err.Error(), "--server") {
		t.Errorf("no URL: %v", err)
	}
	if out.Len() != 0 {
		t.Errorf("printed %q", out.String())
	}
}
