package app

import (
	"net/http"

	"github.com/google/uuid"
)

// withRequestID gives an answer outside the ECS front door, a websocket's handshake or the metrics, its x-amzn-RequestId.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Requestid", uuid.NewString())
		next.ServeHTTP(w, r)
	})
}
