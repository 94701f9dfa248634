package wire

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Timestamp is a point in time as milliseconds since the Unix epoch, the finest precision of ECS. On the wire it is a
// JSON number of seconds, written with three decimals or none; any JSON number from year 1 to year 9999 is read, and
// rounded to the millisecond.
type Timestamp int64

const (
	latestTimestamp   = 253402300799999
	earliestTimestamp = -62135596800000
)

// TimestampOf cuts a time to the millisecond.
func TimestampOf(t time.Time) Timestamp { return Timestamp(t.UnixMilli()) }

// Time is the timestamp in UTC.
func (t Timestamp) Time() time.Time { return time.UnixMilli(int64(t)).UTC() }

// MarshalJSONTo implements [json.MarshalerTo].
func (t Timestamp) MarshalJSONTo(encoder *jsontext.Encoder) error {
	var buffer [24]byte
	return encoder.WriteValue(t.append(buffer[:0]))
}

func (t Timestamp) append(out []byte) []byte {
	if t < 0 {
		out, t = append(out, '-'), -t
	}
	out = strconv.AppendInt(out, int64(t/1000), 10)
	if ms := t % 1000; ms != 0 {
		out = append(out, '.', '0'+byte(ms/100), '0'+byte(ms/10%10), '0'+byte(ms%10))
	}
	return out
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (t *Timestamp) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	value, err := decoder.ReadValue()
	if err != nil {
		return err
	}
	if value.Kind() != '0' {
		return fmt.Errorf("a time must be a number of seconds since the epoch, not %s", value)
	}
	seconds, err := strconv.ParseFloat(string(value), 64)
	ms := math.Round(seconds * 1000)
	if err != nil || ms < earliestTimestamp || ms > latestTimestamp {
		return fmt.Errorf("time %s is out of range", value)
	}
	*t = Timestamp(ms)
	return nil
}
