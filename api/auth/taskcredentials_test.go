package auth

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	testRoleARN = "arn:aws:iam::123456789012:role/team/web-role"
	testTaskARN = "arn:aws:ecs:eu-central-1:123456789012:task/default/0123456789abcdef0123456789abcdef"
)

func TestTaskCredentialsRoundTrip(t *testing.T) {
	c, other := NewTaskCredentials(testSealer(t, 1)), NewTaskCredentials(testSealer(t, 2))
	again := NewTaskCredentials(testSealer(t, 1))
	rapid.Check(t, func(t *rapid.T) {
		role := rapid.StringN(0, 100, 400).Draw(t, "role")
		task := rapid.StringN(0, 100, 400).Draw(t, "task")
		kind := rapid.SampledFrom([]string{RoleTypeApplication, RoleTypeExecution}).Draw(t, "kind")
		expires := testTime.Add(time.Duration(rapid.Int64Range(0, int64(12*time.Hour)).Draw(t, "life")))
		got := c.Issue(role, task, kind, expires)
		if len(got.AccessKeyID) != 20 || !strings.HasPrefix(got.AccessKeyID, "ASIA") || len(got.SecretAccessKey) != 40 {
			t.Fatalf("bad shape: %+v", got)
		}
		if !got.Expiration.Equal(expires.Truncate(time.Second)) {
			t.Fatalf("expires %v, want %v", got.Expiration, expires)
		}
		if again.Issue(role, task, kind, expires) != got {
			t.Fatalf("another server with the same key issues other credentials")
		}
		before := got.Expiration.Add(-1)
		secret, p, err := again.Verify(got.AccessKeyID, got.SessionToken, before)
		if err != nil || secret != got.SecretAccessKey || p.Role != RoleTask || p.TaskARN != task || p.RoleType != kind {
			t.Fatalf("verify: %q, %+v, %v", secret, p, err)
		}
		if _, _, err := c.Verify(got.AccessKeyID, got.SessionToken, got.Expiration); codeOf(err) != CodeExpiredToken {
			t.Fatalf("at its expiry: %v", err)
		}
		at := rapid.IntRange(0, len(got.SessionToken)-1).Draw(t, "at")
		damaged := []byte(got.SessionToken)
		damaged[at] = rapid.SampledFrom([]byte("AZaz09-_=\n.")).Filter(func(b byte) bool { return b != damaged[at] }).Draw(t, "byte")
		for name, err := range map[string]error{
			"damaged token": verifyError(c, got.AccessKeyID, string(damaged), before),
			"other server":  verifyError(other, got.AccessKeyID, got.SessionToken, before),
			"other key id":  verifyError(c, "ASIA"+strings.Repeat("A", 16), got.SessionToken, before),
			"line end":      verifyError(c, got.AccessKeyID, got.SessionToken+"\n", before),
			"no token":      verifyError(c, got.AccessKeyID, "", before),
		} {
			if codeOf(err) != CodeUnrecognizedClient {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}

func verifyError(c *TaskCredentials, id, token string, now time.Time) error {
	_, _, err := c.Verify(id, token, now)
	return err
}

// Any difference in the grant makes other keys.
func TestTaskCredentialsDiffer(t *testing.T) {
	c := NewTaskCredentials(testSealer(t, 1))
	soon := testTime.Add(time.Hour)
	seen := map[string]bool{}
	for _, got := range []RoleCredentials{
		c.Issue(testRoleARN, testTaskARN, RoleTypeApplication, soon),
		c.Issue(testRoleARN, testTaskARN, RoleTypeExecution, soon),
		c.Issue(testRoleARN, testTaskARN, RoleTypeApplication, soon.Add(time.Second)),
		c.Issue(testRoleARN+"x", testTaskARN, RoleTypeApplication, soon),
		c.Issue(testRoleARN, "x"+testTaskARN, RoleTypeApplication, soon),
		c.Issue("ab", "c", "", soon),
		c.Issue("a", "bc", "", soon),
	} {
		for _, s := range []string{got.AccessKeyID, got.SecretAccessKey, got.SessionToken} {
			if seen[s] {
				t.Errorf("%s was given twice", s)
			}
			seen[s] = true
		}
	}
}

func TestTaskPrincipalARN(t *testing.T) {
	for _, tt := range []struct{ role, want string }{
		{testRoleARN, "arn:aws:sts::123456789012:assumed-role/web-role/0123456789abcdef0123456789abcdef"},
		{"arn:aws:iam::999999999999:role/r", "arn:aws:sts::999999999999:assumed-role/r/0123456789abcdef0123456789abcdef"},
		{"web-role", "arn:aws:sts::123456789012:assumed-role/web-role/0123456789abcdef0123456789abcdef"},
	} {
		if got := sessionARN(tt.role, testTaskARN); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.role, got, tt.want)
		}
	}
}

// FuzzSessionToken feeds hostile tokens: nothing may panic, a token that was not
// issued is refused, and a grant that decodes survives encoding.
func FuzzSessionToken(f *testing.F) {
	c := NewTaskCredentials(testSealer(f, 1))
	good := c.Issue(testRoleARN, testTaskARN, RoleTypeApplication, testTime.Add(time.Hour))
	f.Add(good.AccessKeyID, good.SessionToken, grant{roleARN: "r", taskARN: "t", expires: 1}.encode())
	f.Add("ASIA", "AAAA", []byte{grantVersion, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0})
	f.Fuzz(func(t *testing.T, id, token string, payload []byte) {
		_, p, err := c.Verify(id, token, testTime)
		switch {
		case err == nil:
			if id != good.AccessKeyID || token != good.SessionToken || p.TaskARN != testTaskARN {
				t.Fatalf("forged: %s %s", id, token)
			}
		case codeOf(err) != CodeUnrecognizedClient && codeOf(err) != CodeExpiredToken:
			t.Fatalf("bad error %v", err)
		case p != (Principal{}):
			t.Fatalf("refused and yet %+v", p)
		}
		if g, ok := decodeGrant(payload); ok {
			if h, ok := decodeGrant(g.encode()); !ok || h != g {
				t.Fatalf("%+v does not survive encoding", g)
			}
		}
	})
}
