package app

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"berth/controller"
	"berth/reconcile"
)

func TestScalingFlags(t *testing.T) {
	t.Setenv(hookTokenVariable, "token")
	t.Setenv("BERTH_SECRET_ACCESS_KEY", "root")
	t.Setenv("HOOKS_OWN", "yes")
	t.Chdir(t.TempDir())
	if err := os.WriteFile("hook", []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := ScalingConfig{
		Hooks: []string{"web=hook", "big=https://hooks.example/a?b=c,d"}, Hosts: []string{"big=4096,8192,2", "web=256,512"},
	}
	groups, err := c.groups()
	if err != nil || len(groups) != 2 {
		t.Fatalf("%v, %v", groups, err)
	}
	if got, want := groups["web"].Size, (reconcile.HostSize{CPUUnits: 256, MemoryMiB: 512}); got != want {
		t.Errorf("web: %+v", got)
	}
	if got, want := groups["big"].Size, (reconcile.HostSize{CPUUnits: 4096, MemoryMiB: 8192, GPUs: 2}); got != want {
		t.Errorf("big: %+v", got)
	}
	program := groups["web"].Hook.(*controller.ExecHook)
	if !filepath.IsAbs(program.Path) || filepath.Base(program.Path) != "hook" {
		t.Errorf("path %s", program.Path)
	}
	if !slices.Contains(program.Environment, "HOOKS_OWN=yes") {
		t.Error("the hook does not get the environment")
	}
	if slices.ContainsFunc(program.Environment, func(e string) bool {
		return strings.HasPrefix(e, "BERTH_SECRET_ACCESS_KEY=") || strings.HasPrefix(e, hookTokenVariable+"=")
	}) {
		t.Error("the hook gets the root secret")
	}
	web := groups["big"].Hook.(*controller.HTTPHook)
	if web.URL != "https://hooks.example/a?b=c,d" || web.Token != "token" {
		t.Errorf("hook %+v", web)
	}
}

func TestScalingFlagsThatAreWrong(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("plain", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []ScalingConfig{
		{Hooks: []string{"plain"}},
		{Hooks: []string{"=https://h"}},
		{Hooks: []string{"g="}},
		{Hooks: []string{"g=plain"}},
		{Hooks: []string{"g=missing"}},
		{Hooks: []string{"g=."}},
		{Hooks: []string{"g=http://"}},
		{Hosts: []string{"g=1,2"}},
		{Hooks: []string{"g=https://h"}, Hosts: []string{"g=1"}},
		{Hooks: []string{"g=https://h"}, Hosts: []string{"g=1,x"}},
		{Hooks: []string{"g=https://h"}, Hosts: []string{"g=1,-2"}},
		{Hooks: []string{"g=https://h"}, Hosts: []string{"g=1,2,3,4"}},
	} {
		if groups, err := c.groups(); err == nil {
			t.Errorf("%+v was read as %+v", c, groups)
		}
	}
}
