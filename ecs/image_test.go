package ecs

import "testing"

func TestParseECRImage(t *testing.T) {
	for image, want := range map[string]ECRImage{
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b:1":   {"123456789012", "eu-west-1"},
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a@x": {"123456789012", "cn-north-1"},
		"busybox":                             {},
		"localhost:5000/a.dkr.ecr.b/c":        {},
		".dkr.ecr.r.amazonaws.com/a":          {},
		"1.dkr.ecr..amazonaws.com/a":          {},
		"public.ecr.example/docker/busybox:1": {},
	} {
		if got, ok := ParseECRImage(image); got != want || ok != (want != ECRImage{}) {
			t.Errorf("%s: %+v %v", image, got, ok)
		}
	}
}

func TestARNRegion(t *testing.T) {
	for s, want := range map[string]string{
		"arn:aws:secretsmanager:eu-west-1:1:secret:a:b::": "eu-west-1",
		"arn:aws:s3:::bucket/key":                         "here",
		"arn:aws":                                         "here",
		"a:b:c:d:e":                                       "here",
		"name":                                            "here",
	} {
		if got := ARNRegion(s, "here"); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}
