package awsjson

import (
	"errors"
	"testing"
)

func TestToken(t *testing.T) {
	filters := FilterHash("ListTasks", "default", "RUNNING")
	for _, cursor := range []string{"", "a", "family::0000000003", "\x00\xff"} {
		token := EncodeToken(cursor, filters)
		got, err := DecodeToken(token, filters)
		if err != nil || got != cursor {
			t.Errorf("%q: got %q %v", cursor, got, err)
		}
		if _, err := DecodeToken(token, FilterHash("ListTasks", "default", "STOPPED")); !errors.Is(err, ErrToken) {
			t.Errorf("%q with other filters: %v", cursor, err)
		}
		for i := range token {
			changed := []byte(token)
			changed[i] ^= 1
			if _, err := DecodeToken(string(changed), filters); !errors.Is(err, ErrToken) {
				t.Errorf("%q changed at %d: %v", token, i, err)
			}
		}
	}
	for _, token := range []string{"", "x", "not base64!", "AAAAAAAAAAAAAAAA", EncodeToken("a", filters) + "\n"} {
		if _, err := DecodeToken(token, filters); !errors.Is(err, ErrToken) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestFilterHashKeepsPartsApart(t *testing.T) {
	if FilterHash("ab", "c") == FilterHash("a", "bc") || FilterHash("a", "b") == FilterHash("b", "a") || FilterHash() == FilterHash("") {
		t.Error("different filters, same hash")
	}
}
