//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const targetPrefix = "AmazonEC2ContainerServiceV20141113."

// api is a server as one principal sees it.
type api struct {
	c           *C
	server      *server
	url         string
	key, secret string
	skew        time.Duration // added to the clock when signing, learned from the server's Date as SDKs do
	quiet       bool          // calls are not noted as shown by the check
}

// as returns the same server with other keys.
func (a *api) as(key, secret string) *api {
	return &api{c: a.c, server: a.server, url: a.url, key: key, secret: secret}
}

// failure is an error answer.
type failure struct {
	Code, Message string
	Status        int // HTTP status; 0 when the CLI spoke
}

func (f *failure) Error() string { return fmt.Sprintf("%s: %s", f.Code, f.Message) }

// code is the exception of an error, or "" for nil.
func code(err error) string {
	var f *failure
	if errors.As(err, &f) {
		return f.Code
	}
	if err != nil {
		return "not an answer"
	}
	return ""
}

// --- raw requests -------------------------------------------------------------------------------------------------------

// sign signs a request with the caller's keys at the given time.
func (a *api) sign(r *http.Request, body []byte, at time.Time) error {
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: a.key, SecretAccessKey: a.secret}
	return v4.NewSigner().SignHTTP(r.Context(), credentials, r, hex.EncodeToString(sum[:]), "ecs", region, at)
}

// request builds an unsigned request for an operation.
func (a *api) request(ctx context.Context, operation string, body []byte) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+"/", bytes.NewReader(body))
	a.c.must(err, "build a request")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", targetPrefix+operation)
	return r
}

// answer is what came back over HTTP.
type answer struct {
	status int
	header http.Header
	body   obj
	text   string
}

// failure returns the error the answer carries, or nil.
func (r *answer) failure() error {
	if r.status == http.StatusOK {
		return nil
	}
	name := str(r.body, "__type")
	if i := strings.LastIndex(name, "#"); i >= 0 {
		name = name[i+1:]
	}
	return &failure{Code: name, Message: str(r.body, "message"), Status: r.status}
}

var httpClient = &http.Client{Timeout: 40 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// send performs a request. The error is one of the network.
func send(r *http.Request) (*answer, error) {
	response, err := httpClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	a := &answer{status: response.StatusCode, header: response.Header, text: string(text)}
	if response.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		return a, nil // not from the API
	}
	if err := json.Unmarshal(text, &a.body); err != nil {
		return nil, fmt.Errorf("the answer is no JSON object: %w: %.200s", err, text)
	}
	return a, nil
}

// try sends one signed request with a body of any JSON value, or of bytes as they are.
func (a *api) try(operation string, body any) (*answer, error) {
	data, ok := body.([]byte)
	if !ok {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	for attempt := 0; ; attempt++ {
		r := a.request(context.Background(), operation, data)
		if err := a.sign(r, data, time.Now().Add(a.skew)); err != nil {
			return nil, err
		}
		got, err := send(r)
		if err != nil {
			return nil, err
		}
		if attempt == 0 && code(got.failure()) == "InvalidSignatureException" {
			if date, err := http.ParseTime(got.header.Get("Date")); err == nil && time.Until(date).Abs() > 4*time.Minute {
				a.skew = time.Until(date)
				continue
			}
		}
		if !a.quiet {
			a.c.called(operation, code(got.failure()))
		}
		return got, got.failure()
	}
}

// call sends one signed request that must succeed.
func (a *api) call(operation string, body any) obj {
	a.c.Helper()
	got, err := a.try(operation, body)
	a.c.must(err, "%s %.300s", operation, compact(body))
	return got.body
}

// refused sends one signed request that must fail with one of the exceptions, separated by "|", and the text in its message.
func (a *api) refused(codes, text, operation string, body any) {
	a.c.Helper()
	_, err := a.try(operation, body)
	a.c.refusal(err, codes, text, operation+" "+compact(body))
}

// refusal checks an error for its exception (alternatives separated by "|") and a part of its text.
func (c *C) refusal(err error, codes, text, what string) {
	c.Helper()
	var f *failure
	if !errors.As(err, &f) {
		c.Errorf("%.300s: got %v, want %s", what, err, codes)
		return
	}
	ok := false
	for _, want := range strings.Split(codes, "|") {
		ok = ok || f.Code == want
	}
	c.check(ok, "%.300s: refused with %s (%s), want %s", what, f.Code, f.Message, codes)
	c.check(strings.Contains(strings.ToLower(f.Message), strings.ToLower(text)),
		"%.300s: the message is %q, want %q in it", what, f.Message, text)
	c.check(f.Message != "", "%.300s: %s has no message", what, f.Code)
}

// --- the AWS CLI --------------------------------------------------------------------------------------------------------

// awsCommand is Debian's AWS CLI, also where another one comes first in PATH.
func awsCommand() string {
	const debian = "/usr/bin/aws"
	if _, err := os.Stat(debian); err == nil {
		return debian
	}
	return "aws"
}

// clientEnvironment is what AWS's own clients get: keys, and nothing of the machine's configuration.
func (a *api) clientEnvironment() []string {
	return []string{
		"PATH=/usr/bin:/bin:" + os.Getenv("PATH"), "HOME=" + home.tmp, "LC_ALL=C.UTF-8", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_MAX_ATTEMPTS=1",
		"AWS_ACCESS_KEY_ID=" + a.key, "AWS_SECRET_ACCESS_KEY=" + a.secret, "AWS_DEFAULT_REGION=" + region,
	}
}

var cliError = regexp.MustCompile(`(?s)An error occurred \((\w+)\) when calling the (\w+) operation[^:]*: ?(.*)`)

// tryAWS runs `aws ecs …` and returns its JSON, or the *failure it printed.
func (a *api) tryAWS(args ...string) (obj, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, awsCommand(), append([]string{"ecs", "--endpoint-url", a.url, "--output", "json"}, args...)...)
	cmd.Env = a.clientEnvironment()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	operation := operationOf(args)
	if err := cmd.Run(); err != nil {
		if m := cliError.FindStringSubmatch(errs.String()); m != nil {
			f := &failure{Code: m[1], Message: strings.TrimSpace(m[3])}
			a.c.called(m[2], f.Code)
			return nil, f
		}
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	a.c.called(operation, "")
	if strings.TrimSpace(out.String()) == "" {
		return obj{}, nil
	}
	var body obj
	if err := json.Unmarshal(out.Bytes(), &body); err != nil {
		return nil, fmt.Errorf("output of aws: %w: %.300s", err, out.String())
	}
	return body, nil
}

// operationOf turns the CLI's words into the operation's name: run-task is RunTask, waiting for tasks is DescribeTasks.
func operationOf(args []string) string {
	if args[0] == "wait" {
		return "DescribeTasks"
	}
	name := ""
	for _, word := range strings.Split(args[0], "-") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

// aws runs `aws ecs …`, which must succeed.
func (a *api) aws(args ...string) obj {
	a.c.Helper()
	out, err := a.tryAWS(args...)
	a.c.must(err, "aws ecs %.400s", strings.Join(args, " "))
	return out
}

// awsRefused runs `aws ecs …`, which must print one of the exceptions (separated by "|") with the text in its message.
func (a *api) awsRefused(codes, text string, args ...string) {
	a.c.Helper()
	_, err := a.tryAWS(args...)
	a.c.refusal(err, codes, text, "aws ecs "+strings.Join(args, " "))
}

// boto3 runs a Python script that finds `ecs`, a client, and prints one JSON object. Operations are named by the caller,
// because the script does not tell.
func (a *api) boto3(script string, operations ...string) obj {
	a.c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	prelude := "import boto3, json, sys\necs = boto3.client('ecs', endpoint_url=sys.argv[1])\n"
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", "-c", prelude+script, a.url)
	cmd.Env = a.clientEnvironment()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	a.c.must(cmd.Run(), "boto3: %s", &errs)
	var body obj
	a.c.must(json.Unmarshal(out.Bytes(), &body), "output of boto3: %.300s", &out)
	for _, operation := range operations {
		a.c.called(operation, "")
	}
	return body
}
