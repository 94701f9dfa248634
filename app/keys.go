package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"text/tabwriter"
	"time"

	"berth/api/awsjson"
	apiberth "berth/api/berth"
	"berth/api/sigv4"
)

// ownCall calls one of Berth's own operations with the credentials of the environment, else those of `berth dev`.
func ownCall(ctx context.Context, server, operation string, in, out any) error {
	if !httpURL(server) {
		return fmt.Errorf("--server %q is not an http or https URL", server)
	}
	creds := RootFromEnv(true)
	client := &awsjson.Client{
		Endpoint: server, TargetPrefix: apiberth.TargetPrefix, HTTP: &http.Client{Timeout: 30 * time.Second},
		Sign: func(r *http.Request, body []byte) error {
			return sigv4.SignRequest(r, creds, "us-east-1", "berth", body, time.Now())
		},
	}
	err := client.Call(ctx, operation, in, out)
	if err != nil && os.Getenv("BERTH_ACCESS_KEY_ID") == "" {
		return fmt.Errorf("%w; BERTH_ACCESS_KEY_ID and BERTH_SECRET_ACCESS_KEY are not set, so those of berth dev were used", err)
	}
	return err
}

// CreateKey makes an access key on a running server and prints it in the form a shell takes.
func CreateKey(ctx context.Context, server, name, role string, out io.Writer) error {
	var answer apiberth.CreateAccessKeyOutput
	in := apiberth.CreateAccessKeyInput{Name: name, Role: role}
	if err := ownCall(ctx, server, "CreateAccessKey", in, &answer); err != nil {
		return err
	}
	prefix := "AWS"
	if role == "agent" {
		prefix = "BERTH"
	}
	_, err := fmt.Fprintf(out, "# role %s, name %s. The secret is shown this once.\nexport %s_ACCESS_KEY_ID=%s\nexport %s_SECRET_ACCESS_KEY=%s\n",
		answer.AccessKey.Role, answer.AccessKey.Name, prefix, answer.AccessKey.AccessKeyID, prefix, answer.SecretAccessKey)
	return err
}

// ListKeys prints the access keys of a running server.
func ListKeys(ctx context.Context, server string, out io.Writer) error {
	var answer apiberth.ListAccessKeysOutput
	if err := ownCall(ctx, server, "ListAccessKeys", apiberth.ListAccessKeysInput{}, &answer); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tROLE\tNAME\tCREATED\tREVOKED")
	for _, k := range answer.AccessKeys {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.AccessKeyID, k.Role, k.Name, day(k.CreatedAt), day(k.RevokedAt))
	}
	return w.Flush()
}

func day(seconds float64) string {
	if seconds == 0 {
		return "-"
	}
	return time.UnixMilli(int64(seconds * 1000)).UTC().Format(time.DateTime)
}

// RevokeKey ends an access key of a running server.
func RevokeKey(ctx context.Context, server, id string, out io.Writer) error {
	var answer apiberth.RevokeAccessKeyOutput
	if err := ownCall(ctx, server, "RevokeAccessKey", apiberth.RevokeAccessKeyInput{AccessKeyID: id}, &answer); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "revoked %s (%s, %s)\n", answer.AccessKey.AccessKeyID, answer.AccessKey.Role, answer.AccessKey.Name)
	return err
}
