package controller

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The two things a scaling hook is asked to do.
const (
	ScaleOut = "scale-out"
	ScaleIn  = "scale-in"
)

// HookCall is one call of a scaling hook. Its JSON form is the body that an HTTP hook gets.
type HookCall struct {
	Action string `json:"action"`
	// Count is how many hosts to start.
	Count int `json:"count,omitzero"`
	// Host and InstanceARN name the host to stop; see ecs.Instance.HostName.
	Host        string `json:"host,omitzero"`
	InstanceARN string `json:"instanceArn,omitzero"`

	Group            string `json:"group"`
	Cluster          string `json:"cluster"`
	CapacityProvider string `json:"capacityProvider"`
	// Server is the URL that agents of new hosts call.
	Server string `json:"server"`
}

// Hook starts and stops the hosts of a machine group.
type Hook interface {
	// Call does what is asked and returns what the hook had to say. A host that is stopped already is no error.
	Call(ctx context.Context, c HookCall) (output string, err error)
}

// hookOutput is how much of what a hook says is kept.
const hookOutput = 8 << 10

// ExecHook runs a program: `PATH scale-out N` or `PATH scale-in HOST`, with the rest of the call in BERTH_… variables.
type ExecHook struct {
	Path string
	// Environment is what the program gets besides, as "NAME=value".
	Environment []string
}

// hookPipeDelay is how long the output of a program is read after its end: what it leaves running may hold the pipe for ever.
const hookPipeDelay = time.Second

// Call implements [Hook]. The program is killed when ctx ends; what it started is not.
func (h *ExecHook) Call(ctx context.Context, c HookCall) (string, error) {
	argument := c.Host
	if c.Action == ScaleOut {
		argument = strconv.Itoa(c.Count)
	}
	var out lastBytes
	cmd := exec.CommandContext(ctx, h.Path, c.Action, argument)
	cmd.Env = append(append([]string{}, h.Environment...),
		"BERTH_GROUP="+c.Group, "BERTH_CLUSTER="+c.Cluster, "BERTH_CAPACITY_PROVIDER="+c.CapacityProvider,
		"BERTH_SERVER="+c.Server, "BERTH_INSTANCE_ARN="+c.InstanceARN)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &out, hookPipeDelay
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well; a child holds its output
	}
	if err != nil {
		err = fmt.Errorf("run %s: %w", h.Path, err)
	}
	return out.String(), err
}

// HTTPHook posts a call as JSON. Any answer of 2xx is success.
type HTTPHook struct {
	URL string
	// Token is sent as bearer authorization, unless it is empty.
	Token  string
	Client *http.Client
}

// Call implements [Hook].
func (h *HTTPHook) Call(ctx context.Context, c HookCall) (string, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode the call: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("make the request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if h.Token != "" {
		r.Header.Set("Authorization", "Bearer "+h.Token)
	}
	answer, err := h.Client.Do(r)
	if err != nil {
		return "", err // it names the method and the URL
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, hookOutput))
	if answer.StatusCode/100 != 2 {
		return string(said), fmt.Errorf("post to %s: %s", h.URL, answer.Status)
	}
	if err != nil {
		return string(said), fmt.Errorf("read the answer of %s: %w", h.URL, err)
	}
	return string(said), nil
}

// lastBytes keeps the end of what is written to it.
type lastBytes struct{ kept []byte }

func (l *lastBytes) Write(p []byte) (int, error) {
	l.kept = append(l.kept, p...)
	if over := len(l.kept) - hookOutput; over > 0 {
		l.kept = append(l.kept[:0], l.kept[over:]...)
	}
	return len(p), nil
}

func (l *lastBytes) String() string { return strings.TrimSpace(string(l.kept)) }
