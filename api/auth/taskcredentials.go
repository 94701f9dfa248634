package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"
)

// The two kinds of task role (agent-protocol.md 8, IAMRoleCredentialsMessage).
const (
	RoleTypeApplication = "TaskApplication"
	RoleTypeExecution   = "TaskExecution"
)

// RoleCredentials are what a task gets for its role.
type RoleCredentials struct {
	AccessKeyID     string // begins with ASIA
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time // UTC, whole seconds
}

// TaskCredentials vends credentials for task roles and recognises them again
// without storing any:
//
//	token  = grant + MAC(token key, grant)
//	key id = "ASIA" + MAC(id key, grant)
//	secret = MAC(secret key, grant)
//
// where the grant says role, task, kind and expiry. The same grant always gives
// the same credentials, on every server with the same key file, so that a
// resent message or a restart changes nothing. The price is that single
// credentials cannot be revoked: keep their life short. It is safe for
// concurrent use.
type TaskCredentials struct {
	tokenKey, idKey, secretKey []byte
}

// NewTaskCredentials derives the vending keys from the key file's.
func NewTaskCredentials(s *Sealer) *TaskCredentials {
	return &TaskCredentials{
		tokenKey:  s.derive("task token"),
		idKey:     s.derive("task key id"),
		secretKey: s.derive("task secret"),
	}
}

// Issue makes credentials for a task's role that hold until expires, cut to
// whole seconds. roleARN may also be a bare role name, as ECS takes both;
// roleType is RoleTypeApplication or RoleTypeExecution. Together the three may
// have about 3000 bytes; a longer grant would not fit into a header and is not
// recognised.
func (c *TaskCredentials) Issue(roleARN, taskARN, roleType string, expires time.Time) RoleCredentials {
	g := grant{roleARN: roleARN, taskARN: taskARN, roleType: roleType, expires: expires.Unix()}
	payload := g.encode()
	return RoleCredentials{
		AccessKeyID:     c.keyID(payload),
		SecretAccessKey: c.secret(payload),
		SessionToken:    encodeToken(payload, mac(c.tokenKey, payload)),
		Expiration:      g.expiry(),
	}
}

// Verify recognises credentials made by Issue and returns the secret that must
// have signed and who holds them. A token that is not ours, or belongs to
// another key id, is an UnrecognizedClientException; one that has expired at
// now, an ExpiredTokenException.
func (c *TaskCredentials) Verify(accessKeyID, sessionToken string, now time.Time) (secret string, p Principal, err error) {
	payload, sum, ok := decodeToken(sessionToken)
	if !ok || !hmac.Equal(sum, mac(c.tokenKey, payload)) {
		return "", Principal{}, errUnrecognized
	}
	g, ok := decodeGrant(payload)
	if !ok || subtle.ConstantTimeCompare([]byte(accessKeyID), []byte(c.keyID(payload))) != 1 {
		return "", Principal{}, errUnrecognized
	}
	if !now.Before(g.expiry()) {
		return "", Principal{}, errExpired
	}
	return c.secret(payload), Principal{
		Role: RoleTask, KeyID: accessKeyID, ARN: sessionARN(g.roleARN, g.taskARN), TaskARN: g.taskARN, RoleType: g.roleType,
	}, nil
}

func (c *TaskCredentials) keyID(payload []byte) string {
	return formatKeyID(prefixTemporary, mac(c.idKey, payload)[:keyIDBytes])
}

func (c *TaskCredentials) secret(payload []byte) string {
	return formatSecret(mac(c.secretKey, payload)[:secretBytes])
}

func mac(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}

// sessionARN names a task that assumed its role. As in STS the role's path is
// left out; a bare role name belongs to the task's account.
func sessionARN(roleARN, taskARN string) string {
	account := arnField(roleARN, 4)
	if account == "" {
		account = arnField(taskARN, 4)
	}
	return "arn:aws:sts::" + account + ":assumed-role/" + afterSlash(roleARN) + "/" + afterSlash(taskARN)
}

// arnField is the n-th part of an ARN, "" when s is none.
func arnField(s string, n int) string {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 {
		return ""
	}
	return parts[n]
}

func afterSlash(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
