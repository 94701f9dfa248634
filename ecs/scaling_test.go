package ecs

import "testing"

func TestHostName(t *testing.T) {
	i := &Instance{ID: "id"}
	if got := i.HostName(); got != "id" {
		t.Errorf("without a name: %s", got)
	}
	i.EC2InstanceID = "i-1"
	if got := i.HostName(); got != "i-1" {
		t.Errorf("of EC2: %s", got)
	}
	i.Attributes = []Attribute{{Name: HostAttribute}}
	if got := i.HostName(); got != "i-1" {
		t.Errorf("with an empty attribute: %s", got)
	}
	i.Attributes[0].Value = "rack-1"
	if got := i.HostName(); got != "rack-1" {
		t.Errorf("with an attribute: %s", got)
	}
}
