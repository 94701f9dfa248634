package acs

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// UnixTime is a moment that travels as decimal seconds since 1970 with millisecond precision, as TCS has it
// (1795213580.002). The zero value is "no time" and is left out where a member is optional.
type UnixTime struct{ time.Time }

// maxUnixSeconds is the end of the year 9999: what lies beyond is a wrong unit, not a date.
const maxUnixSeconds = 253402300799

// UnixTimeOf cuts t to milliseconds.
func UnixTimeOf(t time.Time) UnixTime {
	if t.IsZero() {
		return UnixTime{}
	}
	return UnixTime{time.UnixMilli(t.UnixMilli()).UTC()}
}

// MarshalJSON writes decimal seconds; the zero value is 0.
func (t UnixTime) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("0"), nil
	}
	ms := t.UnixMilli()
	if ms%1000 == 0 {
		return strconv.AppendInt(nil, ms/1000, 10), nil
	}
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', 3, 64), nil
}

// UnmarshalJSON reads decimal seconds; 0 and null are the zero value.
func (t *UnixTime) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*t = UnixTime{}
		return nil
	}
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("time %q is not a number of seconds", text)
	}
	if math.Abs(seconds) > maxUnixSeconds {
		return fmt.Errorf("time %s is beyond the year 9999", text)
	}
	if seconds == 0 {
		*t = UnixTime{}
		return nil
	}
	*t = UnixTime{time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()}
	return nil
}
