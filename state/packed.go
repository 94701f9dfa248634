package state

// packed is an identifier of 32 lower-case hex digits as a number: half as large as the text, and in the same order.
type packed [2]uint64

func packedLess(x, y packed) bool { return x[0] < y[0] || x[0] == y[0] && x[1] < y[1] }

// pack returns the number of an identifier; ok is false when it is not of the usual form.
func pack(id string) (n packed, ok bool) {
	if len(id) != 32 {
		return packed{}, false
	}
	for k := range 32 {
		digit := uint64(hexDigits[id[k]])
		if digit == 0 {
			return packed{}, false
		}
		n[k/16] = n[k/16]<<4 | (digit - 1)
	}
	return n, true
}

// hexDigits holds the value of each digit plus one, and 0 for what is none.
var hexDigits = func() (values [256]uint8) {
	for k, c := range []byte(digits) {
		values[c] = uint8(k + 1)
	}
	return values
}()

const digits = "0123456789abcdef"

// String is the identifier.
func (n packed) String() string {
	var text [32]byte
	for k := range text {
		text[k] = digits[n[k/16]>>(60-4*(k%16))&15]
	}
	return string(text[:])
}
