package ecs

import (
	"berth/api/awsjson"
	"berth/ecs"
)

// page cuts a list at the caller's size. Cursors are the last item shown, so a token stays valid while the data changes.
type page struct {
	limit  int
	filter uint64
	// after is the last item of the page before, "" on the first page.
	after string
	// last is the last item added; more says that another one followed.
	last string
	n    int
	more bool
}

// newPage reads maxResults (1 to 100; features.md F) and the token. filters are all other arguments: a token goes with the ones it
// was made for (semantics.md 1.5).
func newPage(maxResults *int32, token *string, byDefault int, filters ...string) (*page, error) {
	p := &page{limit: byDefault, filter: awsjson.FilterHash(filters...)}
	if maxResults != nil {
		if *maxResults < 1 {
			return nil, ecs.InvalidParameterf("Max results can not be lesser than 1")
		}
		if *maxResults > 100 {
			return nil, ecs.InvalidParameterf("Max results can not be greater than 100")
		}
		p.limit = int(*maxResults)
	}
	if value(token) != "" {
		cursor, err := awsjson.DecodeToken(*token, p.filter)
		if err != nil {
			return nil, ecs.InvalidParameterf("Invalid token.")
		}
		p.after = cursor
	}
	return p, nil
}

// add takes the next item with its cursor and reports whether the page goes on.
func (p *page) add(cursor string) bool {
	if p.n == p.limit {
		p.more = true
		return false
	}
	p.last = cursor
	p.n++
	return true
}

// token leads to the next page; nil on the last one.
func (p *page) token() *string {
	if !p.more {
		return nil
	}
	return new(awsjson.EncodeToken(p.last, p.filter))
}
