package berth

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/api/auth"
	"berth/api/awsjson"
	apiecs "berth/api/ecs"
	"berth/api/sigv4"
	"berth/ecs"
	"berth/store"
	"berth/store/engines/memory"
)

// house is the service behind its real front door: signatures, roles, codec and store.
type house struct {
	t       *testing.T
	store   *store.Store
	sealer  *auth.Sealer
	service *Service
	ring    *KeyRing
	url     string
}

var root = sigv4.Credentials{AccessKeyID: "AKIAROOT", SecretAccessKey: "rootsecret"}

func newHouse(t *testing.T) *house {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Engine: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	sealer, err := auth.LoadOrCreateKeyFile(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: s, sealer: sealer, ring: &KeyRing{Snapshot: s.Snapshot, Sealer: sealer}}
	realm := ecs.Realm{Region: "us-east-1", Account: "123456789012"}
	h.service = &Service{
		Store: s, Sealer: sealer, Requests: apiecs.New(apiecs.Config{Store: s, Realm: realm}), Realm: realm,
		Now: func() time.Time { return time.UnixMilli(1_000_000_000) },
	}
	authenticator := auth.NewAuthenticator(auth.Config{Account: "123456789012", Root: root, Keys: h.ring})
	mux := awsjson.New(awsjson.Config{
		TargetPrefix: TargetPrefix, Operations: Operations(),
		Authenticate: func(r *http.Request, body []byte) (context.Context, error) {
			p, err := authenticator.Authenticate(r, body)
			return auth.WithPrincipal(r.Context(), p), err
		},
		Authorize: func(ctx context.Context, operation string) error {
			p, _ := auth.FromContext(ctx)
			return auth.Authorize(p, "berth", operation)
		},
	})
	h.service.Register(mux)
	for _, op := range Operations() {
		if !mux.Registered(op.Name) {
			t.Errorf("%s has no handler", op.Name)
		}
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// call sends one request signed with the credentials.
func (h *house) call(creds sigv4.Credentials, operation string, in, out any) error {
	c := awsjson.Client{Endpoint: h.url, TargetPrefix: TargetPrefix, Sign: func(r *http.Request, body []byte) error {
		return sigv4.SignRequest(r, creds, "us-east-1", "berth", body, time.Now())
	}}
	return c.Call(h.t.Context(), operation, in, out)
}

func (h *house) create(name, role string) (AccessKey, sigv4.Credentials) {
	h.t.Helper()
	var out CreateAccessKeyOutput
	if err := h.call(root, "CreateAccessKey", CreateAccessKeyInput{Name: name, Role: role}, &out); err != nil {
		h.t.Fatal(err)
	}
	return out.AccessKey, sigv4.Credentials{AccessKeyID: out.AccessKey.AccessKeyID, SecretAccessKey: out.SecretAccessKey}
}

func (h *house) wantCode(err error, code, message string) {
	h.t.Helper()
	var e *awsjson.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, message) {
		h.t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func TestAKeyFromItsCreationToItsEnd(t *testing.T) {
	h := newHouse(t)
	before := time.Now()
	key, creds := h.create("deploy", "operator")
	if key.Name != "deploy" || key.Role != "operator" || key.RevokedAt != 0 || len(creds.SecretAccessKey) != 40 || len(key.AccessKeyID) != 20 {
		t.Errorf("%+v, secret of %d characters", key, len(creds.SecretAccessKey))
	}
	if at := key.CreatedAt - float64(before.UnixMilli())/1000; at < 0 || at > 60 {
		t.Errorf("created %f seconds after the call", at)
	}
	var list ListAccessKeysOutput
	if err := h.call(creds, "ListAccessKeys", nil, &list); err != nil {
		t.Fatalf("the new key does not work: %v", err)
	}
	if len(list.AccessKeys) != 1 || list.AccessKeys[0] != key {
		t.Errorf("%+v", list)
	}
	var revoked RevokeAccessKeyOutput
	if err := h.call(root, "RevokeAccessKey", RevokeAccessKeyInput{AccessKeyID: key.AccessKeyID}, &revoked); err != nil {
		t.Fatal(err)
	}
	h.wantCode(h.call(creds, "ListAccessKeys", nil, nil), "UnrecognizedClientException", "security token")
	if revoked.AccessKey.RevokedAt < key.CreatedAt {
		t.Errorf("%+v", revoked)
	}
	if err := h.call(root, "ListAccessKeys", nil, &list); err != nil || len(list.AccessKeys) != 1 || list.AccessKeys[0] != revoked.AccessKey {
		t.Errorf("a list should tell what happened: %+v, %v", list, err)
	}
	if err := h.call(root, "RevokeAccessKey", RevokeAccessKeyInput{AccessKeyID: key.AccessKeyID}, &revoked); err != nil || revoked.AccessKey != list.AccessKeys[0] {
		t.Errorf("a repetition: %+v, %v", revoked, err)
	}
}

func TestOnlyOperatorsMayCall(t *testing.T) {
	h := newHouse(t)
	_, agent := h.create("node", "agent")
	for _, op := range Operations() {
		h.wantCode(h.call(agent, op.Name, nil, nil), "AccessDeniedException", "user/node is not authorized to perform: berth:"+op.Name)
	}
	wrong := agent
	wrong.SecretAccessKey = "wrong"
	h.wantCode(h.call(wrong, "ListAccessKeys", nil, nil), "InvalidSignatureException", "")
	if n := len(h.keys()); n != 1 {
		t.Errorf("%d keys, want 1", n)
	}
}

func (h *house) keys() []*ecs.AccessKey {
	var all []*ecs.AccessKey
	h.store.Snapshot().ScanAccessKeys(func(k *ecs.AccessKey) bool { all = append(all, k); return true })
	return all
}

func TestKeysThatAreRefused(t *testing.T) {
	h := newHouse(t)
	const name = "name should be 1 to 64 letters, digits or any of _ . @ -"
	for _, bad := range []string{"", "a b", "a/b", "ü", strings.Repeat("a", 65)} {
		h.wantCode(h.call(root, "CreateAccessKey", CreateAccessKeyInput{Name: bad, Role: "agent"}, nil), "InvalidParameterException", name)
		if _, secret, err := h.service.Create(t.Context(), bad, ecs.KeyAgent); err == nil || secret != "" {
			t.Errorf("Create took the name %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "root", "task"} {
		h.wantCode(h.call(root, "CreateAccessKey", CreateAccessKeyInput{Name: "a", Role: bad}, nil),
			"InvalidParameterException", "role should be one of [operator,agent]")
	}
	h.wantCode(h.call(root, "RevokeAccessKey", RevokeAccessKeyInput{AccessKeyID: "AKIAX"}, nil),
		"InvalidParameterException", "The access key AKIAX does not exist.")
	if n := len(h.keys()); n != 0 {
		t.Errorf("%d keys, want none", n)
	}
}

func TestNoRecordHoldsASecret(t *testing.T) {
	h := newHouse(t)
	key, creds := h.create("deploy", "operator")
	record := h.keys()[0]
	stored, err := record.MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(stored, []byte(creds.SecretAccessKey)) || !bytes.Contains(stored, []byte("deploy")) {
		t.Error("the stored record holds the secret as it is")
	}
	if plain, err := h.sealer.Open(record.SealedSecret, []byte(record.ID)); err != nil || string(plain) != creds.SecretAccessKey {
		t.Errorf("the sealed secret does not open: %v", err)
	}
	if _, err := h.sealer.Open(record.SealedSecret, []byte("AKIAOTHER")); err == nil {
		t.Error("the sealed secret opens for another key")
	}
	if err := h.call(root, "RevokeAccessKey", RevokeAccessKeyInput{AccessKeyID: key.AccessKeyID}, nil); err != nil {
		t.Fatal(err)
	}
	if h.keys()[0].SealedSecret != nil {
		t.Error("a revoked key keeps its secret")
	}
}
