package auth

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"time"

	"berth/api/sigv4"
)

// Key is an access key as the store has it, its secret opened.
type Key struct {
	ID, Secret string
	Role       Role   // operator or agent
	Name       string // becomes the user name in the principal's ARN
	Revoked    bool
}

// KeySource finds access keys. It is asked once per request and must be safe
// for concurrent use. The root key is not its business.
type KeySource interface {
	LookupKey(accessKeyID string) (Key, bool)
}

// Config is what an Authenticator needs.
type Config struct {
	Account string            // twelve digits, for the ARNs of principals
	Root    sigv4.Credentials // the installation's own key; without id or secret there is none
	Keys    KeySource         // nil: only the root key and tasks
	Clock   func() time.Time  // nil: the system clock
	Vendor  *TaskCredentials  // nil: no task is known
}

// Authenticator verifies signatures and names who made them. It is safe for
// concurrent use.
type Authenticator struct {
	config  Config
	rootARN string
	userARN string // prefix
}

// NewAuthenticator makes an Authenticator.
func NewAuthenticator(config Config) *Authenticator {
	if config.Clock == nil {
		config.Clock = time.Now
	}
	iam := "arn:aws:iam::" + config.Account
	return &Authenticator{config: config, rootARN: iam + ":root", userARN: iam + ":user/"}
}

// Authenticate verifies r, whose whole body is given (r.Body is not read), and
// returns who signed it. Errors carry the exception to answer with: those of
// sigv4 for the signature itself, UnrecognizedClientException for an unknown or
// revoked key and ExpiredTokenException for a task's outdated credentials.
// Region and service of the signature are not judged.
func (a *Authenticator) Authenticate(r *http.Request, body []byte) (Principal, error) {
	s, err := sigv4.Parse(r)
	if err != nil {
		return Principal{}, err
	}
	now := a.config.Clock()
	secret, p, err := a.resolve(s, now)
	if err != nil {
		return Principal{}, err
	}
	if err := s.Verify(r, secret, sha256.Sum256(body), now); err != nil {
		return Principal{}, err
	}
	return p, nil
}

// AuthenticateHandshake verifies the opening request of a websocket, which has
// no body. Errors are those of Authenticate.
func (a *Authenticator) AuthenticateHandshake(r *http.Request) (Principal, error) {
	return a.Authenticate(r, nil)
}

// AuthenticateFrame verifies one telemetry frame that came over the socket
// opened with handshake, and returns who signed it and its JSON, which shares
// memory with frame. Errors are those of Authenticate. That the frame's
// principal is the socket's is for the caller to check.
func (a *Authenticator) AuthenticateFrame(handshake *url.URL, frame []byte) (Principal, []byte, error) {
	f, err := sigv4.SplitFrame(frame)
	if err != nil {
		return Principal{}, nil, err
	}
	s, err := f.Parse()
	if err != nil {
		return Principal{}, nil, err
	}
	now := a.config.Clock()
	secret, p, err := a.resolve(s, now)
	if err != nil {
		return Principal{}, nil, err
	}
	if err := s.VerifyFrame(f, handshake, secret, now); err != nil {
		return Principal{}, nil, err
	}
	return p, f.Payload, nil
}

// resolve finds the secret and the principal behind a claim. A session token
// makes it a task's; long-term keys must come without one.
func (a *Authenticator) resolve(s *sigv4.Signature, now time.Time) (string, Principal, error) {
	if s.SessionToken != "" {
		if a.config.Vendor == nil {
			return "", Principal{}, errUnrecognized
		}
		return a.config.Vendor.Verify(s.AccessKeyID, s.SessionToken, now)
	}
	if root := a.config.Root; s.AccessKeyID == root.AccessKeyID && root.SecretAccessKey != "" {
		return root.SecretAccessKey, Principal{Role: RoleOperator, KeyID: root.AccessKeyID, ARN: a.rootARN, Root: true}, nil
	}
	if a.config.Keys == nil {
		return "", Principal{}, errUnrecognized
	}
	key, ok := a.config.Keys.LookupKey(s.AccessKeyID)
	if !ok || key.Revoked || key.Secret == "" {
		return "", Principal{}, errUnrecognized
	}
	return key.Secret, Principal{Role: key.Role, KeyID: key.ID, ARN: a.userARN + key.Name}, nil
}
