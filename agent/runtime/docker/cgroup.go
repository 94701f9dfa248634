package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"berth/agent/runtime"
)

// cgroupFolder holds the parents of all tasks.
const cgroupFolder = "berth"

// cpuPeriod is the scheduler's period in microseconds (semantics.md 7.7).
const cpuPeriod = 100_000

// cgroups makes task parents straight in the cgroup file system, which is what the cgroupfs driver allows.
type cgroups struct {
	root   string
	probed func() bool
}

func newCgroups(root string) *cgroups {
	if root == "" {
		root = "/sys/fs/cgroup"
	}
	c := &cgroups{root: root}
	c.probed = sync.OnceValue(c.probe)
	return c
}

// unified tells cgroup v2.
func (c *cgroups) unified() bool {
	_, err := os.Stat(filepath.Join(c.root, "cgroup.controllers"))
	return err == nil
}

// usable tells whether limits can be set; it tries once.
func (c *cgroups) usable() bool { return c.probed() }

func (c *cgroups) probe() bool {
	const name = "probe"
	_, err := c.make(name, runtime.Limits{CPUUnits: 1024, MemoryMiB: 64})
	return c.remove(name) == nil && err == nil
}

// setting is one file to write.
type setting struct{ file, value string }

func (c *cgroups) make(task string, limits runtime.Limits) (string, error) {
	parent := "/" + cgroupFolder + "/" + task
	if c.unified() {
		return parent, c.makeV2(task, limits)
	}
	return parent, c.makeV1(task, limits)
}

func (c *cgroups) makeV1(task string, limits runtime.Limits) error {
	cpu, memory := []setting{}, []setting{}
	if limits.CPUUnits > 0 {
		cpu = append(cpu, setting{"cpu.cfs_period_us", strconv.Itoa(cpuPeriod)}, setting{"cpu.cfs_quota_us", quota(limits)})
	}
	if limits.MemoryMiB > 0 {
		memory = append(memory, setting{"memory.limit_in_bytes", memoryBytes(limits)})
	}
	if err := c.fill(filepath.Join(c.root, "cpu", cgroupFolder, task), cpu); err != nil {
		return err
	}
	dir := filepath.Join(c.root, "memory", cgroupFolder, task)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// Old kernels need to be told that children count against the parent; new ones refuse the write, and that is fine.
	_ = os.WriteFile(filepath.Join(dir, "memory.use_hierarchy"), []byte("1"), 0o644)
	return c.fill(dir, memory)
}

func (c *cgroups) makeV2(task string, limits runtime.Limits) error {
	folder := filepath.Join(c.root, cgroupFolder)
	enable := []setting{{"cgroup.subtree_control", "+cpu +memory"}}
	for _, dir := range []string{c.root, folder, filepath.Join(folder, task)} {
		if err := c.fill(dir, enable); err != nil {
			return err
		}
	}
	var files []setting
	if limits.CPUUnits > 0 {
		files = append(files, setting{"cpu.max", quota(limits) + " " + strconv.Itoa(cpuPeriod)})
	}
	if limits.MemoryMiB > 0 {
		files = append(files, setting{"memory.max", memoryBytes(limits)})
	}
	return c.fill(filepath.Join(folder, task), files)
}

func (c *cgroups) fill(dir string, files []setting) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.file), []byte(f.value), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// minQuota is the least the kernel takes, in microseconds.
const minQuota = 1000

func quota(l runtime.Limits) string {
	return strconv.FormatInt(max(l.CPUUnits*cpuPeriod/1024, minQuota), 10)
}

func memoryBytes(l runtime.Limits) string { return strconv.FormatInt(l.MemoryMiB<<20, 10) }

// remove takes the task's folder out of every hierarchy: the engine makes it in all of them.
func (c *cgroups) remove(task string) error {
	pattern := filepath.Join(c.root, "*", cgroupFolder, task)
	if c.unified() {
		pattern = filepath.Join(c.root, cgroupFolder, task)
	}
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	var failed []error
	for _, dir := range dirs {
		if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// SetTaskLimits implements runtime.Tasks.
func (r *Runtime) SetTaskLimits(_ context.Context, taskID string, limits runtime.Limits) (string, error) {
	if taskID == "" || strings.ContainsAny(taskID, "/.") {
		return "", runtime.NewError(runtime.ResourceInitialization, fmt.Errorf("task id %q cannot name a cgroup", taskID))
	}
	if !r.cgroups.usable() {
		return "", runtime.NewError(runtime.ResourceInitialization, errors.New("this host cannot limit the CPU and memory of a task as a whole"))
	}
	parent, err := r.cgroups.make(taskID, limits)
	if err != nil {
		_ = r.cgroups.remove(taskID)
		return "", runtime.NewError(runtime.ResourceInitialization, fmt.Errorf("cgroup of the task: %w", err))
	}
	return parent, nil
}

// ReleaseTask implements runtime.Tasks.
func (r *Runtime) ReleaseTask(_ context.Context, taskID string) error {
	if taskID == "" || strings.ContainsAny(taskID, "/.*?[") {
		return nil
	}
	if err := r.cgroups.remove(taskID); err != nil {
		return runtime.NewError(runtime.ResourceInitialization, fmt.Errorf("cgroup of the task: %w", err))
	}
	return nil
}
