package app

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"

	"berth/api/auth"
	"berth/api/awsjson"
)

// guarded lets operators read a page that is not an ECS call. They sign the GET like any request, or, because scrapers cannot sign,
// give their access key id and secret as user and password (HTTP basic authentication).
func (s *server) guarded(a *auth.Authenticator, keys auth.KeySource, page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, secret, ok := r.BasicAuth(); ok {
			if s.operator(keys, id, secret) {
				page.ServeHTTP(w, r)
				return
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="berth"`)
			http.Error(w, "unknown access key or wrong secret", http.StatusUnauthorized)
			return
		}
		p, err := a.Authenticate(r, nil)
		if err == nil && p.Role != auth.RoleOperator {
			err = auth.Denied(p, "berth", "GetMetrics", "*")
		}
		if err != nil {
			refuse(w, err)
			return
		}
		page.ServeHTTP(w, r)
	})
}

func (s *server) operator(keys auth.KeySource, id, secret string) bool {
	want := s.cfg.Root.SecretAccessKey
	if id != s.cfg.Root.AccessKeyID {
		k, ok := keys.LookupKey(id)
		if !ok || k.Revoked || k.Role != auth.RoleOperator {
			return false
		}
		want = k.Secret
	}
	return subtle.ConstantTimeCompare([]byte(secret), []byte(want)) == 1
}

// refuse answers as the ECS front door does.
func refuse(w http.ResponseWriter, err error) {
	code, message := awsjson.CodeServer, "Service Unavailable. Please try again later."
	if coded, ok := errors.AsType[awsjson.CodedError](err); ok {
		code, message = coded.ErrorCode(), coded.ErrorMessage()
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(awsjson.StatusOf(code))
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message}) // a client that left is no error
}
