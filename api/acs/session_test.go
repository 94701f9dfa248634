package acs

import "testing"

func TestQueriesRoundTrip(t *testing.T) {
	s := SessionQuery{"c", "i", "v", "h", "DockerVersion: 20.10.24", 2, true}
	if got := ParseSessionQuery(s.Values()); got != s {
		t.Errorf("ACS: %+v", got)
	}
	if s.PlainDockerVersion() != "20.10.24" {
		t.Errorf("docker version %q", s.PlainDockerVersion())
	}
	q := TelemetryQuery{"c", "i", "v", "h", "20.10.24"}
	if got := ParseTelemetryQuery(q.Values()); got != q {
		t.Errorf("TCS: %+v", got)
	}
}

func TestRefusalForms(t *testing.T) {
	want := Refusal{InactiveInstance, "gone"}
	for _, body := range []string{string(want.Body()), `{"InactiveInstanceException":"gone"}`} {
		got, err := ParseRefusal([]byte(body))
		if err != nil || *got != want {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	for _, body := range []string{"", "<html>", `{"a":"b","c":"d"}`, `{"a":1}`} {
		if got, err := ParseRefusal([]byte(body)); err == nil {
			t.Errorf("%s: taken as %+v", body, got)
		}
	}
}
