package ecs

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestNormalizePorts(t *testing.T) {
	given := PortMapping{ContainerPort: 80}
	for _, c := range []struct {
		mode NetworkMode
		want uint16
	}{{"", 0}, {NetworkBridge, 0}, {NetworkHost, 80}, {NetworkAWSVPC, 80}} {
		d := plain(mode(c.mode), ports(given))
		if err := NormalizeTaskDefinition(d); err != nil {
			t.Fatal(err)
		}
		if got := d.Containers[0].PortMappings[0]; got.HostPort != c.want || got.Protocol != TCP {
			t.Errorf("%q: %+v", c.mode, got)
		}
	}
}

func genDefinition(t *rapid.T) *TaskDefinition {
	port := rapid.Custom(func(t *rapid.T) PortMapping {
		return PortMapping{
			ContainerPort: rapid.Uint16().Draw(t, "container"),
			HostPort:      rapid.SampledFrom([]uint16{0, 80, 8080}).Draw(t, "host"),
			Protocol:      rapid.SampledFrom([]Protocol{"", TCP, UDP}).Draw(t, "protocol"),
		}
	})
	return plain(
		mode(rapid.SampledFrom([]NetworkMode{"", NetworkBridge, NetworkHost, NetworkAWSVPC, NetworkNone}).Draw(t, "mode")),
		size(rapid.SampledFrom([]string{"", "256", "1 vCPU", ".5 vcpu"}).Draw(t, "cpu"),
			rapid.SampledFrom([]string{"", "512", "1 GB", "0.5GB"}).Draw(t, "memory")),
		ports(rapid.SliceOfN(port, 0, 3).Draw(t, "ports")...),
	)
}

func TestNormalizeIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := genDefinition(t)
		if err := NormalizeTaskDefinition(d); err != nil {
			t.Fatal(err)
		}
		once, _ := d.MarshalMsg(nil)
		if err := NormalizeTaskDefinition(d); err != nil {
			t.Fatal(err)
		}
		if twice, _ := d.MarshalMsg(nil); !reflect.DeepEqual(once, twice) {
			t.Fatalf("a second time changed it: %+v", d)
		}
	})
}

// What is complete is what would be completed again: registering what describe answered gives the same definition.
func TestCompletingTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := genDefinition(t)
		if CompleteTaskDefinition(d) != nil {
			return
		}
		once, _ := d.MarshalMsg(nil)
		if err := CompleteTaskDefinition(d); err != nil {
			t.Fatal(err)
		}
		if twice, _ := d.MarshalMsg(nil); !reflect.DeepEqual(once, twice) {
			t.Fatalf("a second time changed it: %+v", d)
		}
	})
}
