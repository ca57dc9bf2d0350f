package order

import (
	"encoding/binary"
	"io"
	"strings"
)

// Crockford's base 32: no I, L, O and U, so that a number survives a phone call.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewNumber makes an order number, XXXX-XXXX-C: 40 random bits and a check
// character. It panics when the source of randomness fails, as id.Source does.
func NewNumber(random io.Reader) string {
	var raw [8]byte
	if _, err := io.ReadFull(random, raw[3:]); err != nil {
		panic("order: no randomness: " + err.Error())
	}
	bits := binary.BigEndian.Uint64(raw[:])
	var digits [8]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = crockford[bits&31]
		bits >>= 5
	}
	return format(digits)
}

// ParseNumber reads a number as people type it, in any case, with or without
// dashes and spaces, O for 0, I and L for 1. It reports whether the check
// character is right.
func ParseNumber(typed string) (string, bool) {
	plain := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(typed))
	if len(plain) != 9 {
		return "", false
	}
	var digits [8]byte
	copy(digits[:], plain)
	for _, d := range digits {
		if strings.IndexByte(crockford, d) < 0 {
			return "", false
		}
	}
	number := format(digits)
	return number, number[10] == plain[8]
}

func format(d [8]byte) string {
	return string(d[:4]) + "-" + string(d[4:]) + "-" + string(check(d))
}

// check is a weighted sum in the field of 32 elements (modulo x⁵+x²+1). All nine
// weights are different powers of x, so that every single wrong character and
// every swap of two is noticed.
func check(digits [8]byte) byte {
	sum := 0
	for _, d := range digits {
		sum ^= strings.IndexByte(crockford, d)
		if sum <<= 1; sum >= 32 {
			sum ^= 0b100101
		}
	}
	return crockford[sum]
}
