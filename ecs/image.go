package ecs

import "strings"

// ECRImage is where an image of a private Amazon registry is kept.
type ECRImage struct{ Account, Region string }

// ParseECRImage reads an image of a private registry, ACCOUNT.dkr.ecr.REGION.amazonaws.com/…; ok is false for every other image.
func ParseECRImage(image string) (at ECRImage, ok bool) {
	host, _, _ := strings.Cut(image, "/")
	account, rest, found := strings.Cut(host, ".dkr.ecr.")
	region, _, aws := strings.Cut(rest, ".amazonaws.com")
	if !found || !aws || account == "" || region == "" {
		return ECRImage{}, false
	}
	return ECRImage{Account: account, Region: region}, true
}

func isECRImage(image string) bool {
	_, ok := ParseECRImage(image)
	return ok
}

// ARNRegion is the region an ARN names, or def for what is no ARN or names none.
func ARNRegion(s, def string) string {
	parts := strings.SplitN(s, ":", 5)
	if len(parts) < 5 || parts[0] != "arn" || parts[3] == "" {
		return def
	}
	return parts[3]
}
