package agent

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"berth/agent/runtime"
	"berth/api/sigv4"
)

// Config is how an agent is started. Members without a default are required.
type Config struct {
	// Cluster is the name or ARN of the cluster to join; empty is "default".
	Cluster string
	// ServerURL is the API endpoint, http or https.
	ServerURL   string
	Credentials sigv4.Credentials
	// Region stands in the scope of every signature.
	Region string
	// DataDir keeps the identity; it is made if missing.
	DataDir string
	// AvailabilityZone becomes the attribute ecs.availability-zone; empty leaves it out.
	AvailabilityZone string
	// Attributes are custom attributes, name to value.
	Attributes map[string]string
	// CPUUnits and MemoryMiB declare other resources than the host has; 0 is what it has.
	CPUUnits, MemoryMiB int64
	// Settings are the amazon-ecs-agent's variables; the zero value is the defaults.
	Settings Settings

	// StopTasksOnExit stops and removes all containers of the instance at the end (`berth dev`). StopGrace is how long
	// they may take; 0 is 10 s.
	StopTasksOnExit bool
	StopGrace       time.Duration
	// InactivePause is the pause after the instance was deregistered; 0 is one hour.
	InactivePause time.Duration

	// Version and Hash are reported as the agent's; an empty Version is "0.0.0". Features are gated by it
	// (features.md B2.13), so it must not be below 1.67.0 for port ranges.
	Version, Hash string
	// Runtime is the container engine; nil is the Docker Engine of the environment.
	Runtime runtime.Runtime
	// HTTP makes all calls to the server; nil is a client of its own.
	HTTP *http.Client
	// Registered is called, if set, once the server has taken the registration and the tasks of the host are taken up.
	Registered func(instanceARN string)
	Logger     *slog.Logger
}

// check completes the defaults and names what is missing.
func (c *Config) check() error {
	if c.Cluster == "" {
		c.Cluster = "default"
	}
	if c.Version == "" {
		c.Version = "0.0.0"
	}
	if c.StopGrace == 0 {
		c.StopGrace = 10 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.HTTP == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 32
		c.HTTP = &http.Client{Transport: transport}
	}
	u, err := url.Parse(c.ServerURL)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return fmt.Errorf("server %q is not an http or https address", c.ServerURL)
	case c.DataDir == "":
		return errors.New("the data directory is not set")
	case c.Region == "":
		return errors.New("the region is not set")
	case c.Credentials.AccessKeyID == "" || c.Credentials.SecretAccessKey == "":
		return errors.New("the agent has no credentials: it needs an access key id and a secret")
	case c.CPUUnits < 0 || c.MemoryMiB < 0:
		return errors.New("CPU and memory cannot be negative")
	}
	return nil
}
