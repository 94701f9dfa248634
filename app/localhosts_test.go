package app

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"berth/controller"
)

// agentInStead stands for `berth agent`: it writes down how it was called and runs until it is asked to end.
const agentInStead = `#!/bin/sh
mkdir -p "$7"
echo "$* key $BERTH_ACCESS_KEY_ID" >"$7/called"
trap 'kill $!; exit 0' TERM
while :; do sleep 60 & wait $!; done
`

// runs reports whether a process is there and has not ended: who ended stays a zombie where nobody waits for orphans.
func runs(pid int) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && len(line) > 0
}

// TestLocalHostsHook runs the example hook with a program in the place of the agent.
func TestLocalHostsHook(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the hook reads /proc")
	}
	dir := t.TempDir()
	berth := filepath.Join(dir, "berth")
	if err := os.WriteFile(berth, []byte(agentInStead), 0o700); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs("../examples/local-hosts/hook.sh")
	if err != nil {
		t.Fatal(err)
	}
	hook := &controller.ExecHook{Path: path, Environment: []string{
		"PATH=" + os.Getenv("PATH"), "BERTH_BINARY=" + berth, "LOCAL_HOSTS_DIR=" + dir, "LOCAL_HOSTS_MAX=3", "BERTH_AGENT_ACCESS_KEY_ID=AK",
	}}
	call := func(action string, n int, host string) (string, error) {
		return hook.Call(t.Context(), controller.HookCall{Action: action, Count: n, Host: host, Group: "g", Cluster: "c", Server: "http://s"})
	}
	pid := func(host string) int {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, "g", host, "pid"))
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	t.Cleanup(func() {
		for n := range 3 {
			if data, err := os.ReadFile(filepath.Join(dir, "g", fmt.Sprint("c-", n+1), "pid")); err == nil {
				if p, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
					_ = syscall.Kill(p, syscall.SIGTERM) // it may have ended
				}
			}
		}
	})

	if out, err := call(controller.ScaleOut, 2, ""); err != nil || out != "started c-1\nstarted c-2" {
		t.Fatalf("scale-out 2: %v\n%s", err, out)
	}
	first, second := pid("c-1"), pid("c-2")
	if out, err := call(controller.ScaleOut, 2, ""); err != nil || !strings.HasPrefix(out, "started c-3\n") || !strings.Contains(out, "1 hosts less") {
		t.Errorf("scale-out over the limit: %v\n%s", err, out)
	}
	if pid("c-1") != first || pid("c-2") != second {
		t.Error("a host that runs was started again")
	}
	if out, err := call(controller.ScaleIn, 0, "c-2"); err != nil || out != "stopped c-2" {
		t.Errorf("scale-in: %v\n%s", err, out)
	}
	if runs(second) {
		t.Error("the host still runs")
	}
	if out, err := call(controller.ScaleIn, 0, "c-2"); err != nil {
		t.Errorf("scale-in of a host that is gone: %v\n%s", err, out)
	}
	if out, err := call(controller.ScaleIn, 0, "../c-1"); err == nil || !runs(first) {
		t.Errorf("a path was taken for a host: %s", out)
	}
	if out, err := call(controller.ScaleOut, 1, ""); err != nil || out != "started c-2" {
		t.Errorf("the place of the stopped one: %v\n%s", err, out)
	}
	called, err := os.ReadFile(filepath.Join(dir, "g", "c-1", "agent", "called"))
	want := fmt.Sprintf("agent --server http://s --cluster c --data %s/g/c-1/agent --group g --attribute berth.host=c-1 --cpu 512 --memory 512 key AK\n", dir)
	if err != nil || string(called) != want {
		t.Errorf("called %q, %v", called, err)
	}
}
