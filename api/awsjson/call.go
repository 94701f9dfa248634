package awsjson

import (
	"context"

	"github.com/google/uuid"
)

// call is what one request gathers for its log line. One goroutine writes it, the request's own.
type call struct {
	requestID string
	operation string // of the table, "" until the target is known
	target    string // as sent, if it is not in the table
	principal string
}

type callKey struct{}

func newCall() *call { return &call{requestID: uuid.NewString()} }

func (c *call) in(ctx context.Context) context.Context { return context.WithValue(ctx, callKey{}, c) }

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// RequestID is the id of the request ctx belongs to, "" outside of one. Put it into every log line of the request.
func RequestID(ctx context.Context) string {
	if c := callOf(ctx); c != nil {
		return c.requestID
	}
	return ""
}

// SetPrincipal names who calls, for the access log. The Authenticate hook calls it on the request's context, also when
// it is about to refuse. Outside of a request it does nothing.
func SetPrincipal(ctx context.Context, principal string) {
	if c := callOf(ctx); c != nil {
		c.principal = principal
	}
}
