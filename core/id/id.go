// Package id holds the identities of things. Aggregates refer to each other by
// these only. Every id but the SKU and the location is a UUIDv7 (RFC 9562
// §5.7), made by a Source. It imports the standard library and fault.
package id

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

// UUID is 128 bits in the order of RFC 9562; comparing bytes compares creation times.
type UUID [16]byte

// IsZero reports whether the id refers to nothing.
func (u UUID) IsZero() bool { return u == UUID{} }

func (u UUID) String() string {
	var b [36]byte
	u.encode(b[:])
	return string(b[:])
}

func (u UUID) encode(b []byte) {
	hex.Encode(b[0:8], u[0:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:36], u[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
}

// Time returns the creation time of a UUIDv7 to the millisecond.
func (u UUID) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(u[:8]) >> 16)).UTC()
}

// First returns the lowest UUIDv7 of a moment.
func First(at time.Time) (u UUID) {
	binary.BigEndian.PutUint64(u[:8], uint64(at.UnixMilli())<<16)
	return u
}

// Derive returns an id that belongs to this one for a purpose, always the same:
// what is made of a thing once has one id, however often it is made. It keeps
// the time.
func (u UUID) Derive(purpose string) UUID {
	sum := sha256.Sum256(append(u[:], purpose...))
	derived := u
	copy(derived[6:], sum[:])
	derived[6] = derived[6]&0x0f | 0x70
	derived[8] = derived[8]&0x3f | 0x80
	return derived
}

// MarshalText writes the 36-character form; the zero id is the empty text.
func (u UUID) MarshalText() ([]byte, error) {
	if u.IsZero() {
		return []byte{}, nil
	}
	b := make([]byte, 36)
	u.encode(b)
	return b, nil
}

// UnmarshalText reads what MarshalText writes.
func (u *UUID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*u = UUID{}
		return nil
	}
	v, ok := Parse(string(b))
	if !ok {
		return fault.InvalidField("", "pattern", "is not an id")
	}
	*u = v
	return nil
}

// Parse reads the 36-character form in lower or upper case.
func Parse(s string) (UUID, bool) {
	var u UUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return UUID{}, false
	}
	raw := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(u[:], []byte(raw)); err != nil {
		return UUID{}, false
	}
	return u, true
}

// One type per aggregate, so that a cart's id cannot be passed for an order's.
type (
	Product   struct{ UUID }
	Variant   struct{ UUID }
	Category  struct{ UUID }
	Brand     struct{ UUID }
	Image     struct{ UUID }
	Cart      struct{ UUID }
	Order     struct{ UUID }
	Payment   struct{ UUID }
	Event     struct{ UUID }
	Customer  struct{ UUID }
	Job       struct{ UUID }
	Import    struct{ UUID }
	Movement  struct{ UUID }
	Shipment  struct{ UUID }
	Refund    struct{ UUID }
	Return    struct{ UUID }
	Note      struct{ UUID }
	Promotion struct{ UUID }
	Endpoint  struct{ UUID }
	Delivery  struct{ UUID }
)

// SKU names a variant to people and to other systems. It is unique ignoring
// case; a stored SKU never changes its bytes.
type SKU string

var skuPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Validate answers Invalid unless the SKU has 1 to 64 letters, digits, dots,
// underscores and dashes and begins with a letter or digit.
func (s SKU) Validate() error {
	if !skuPattern.MatchString(string(s)) {
		return fault.InvalidField("sku", "pattern", "must be 1 to 64 letters, digits, '.', '_' or '-', and begin with a letter or digit")
	}
	return nil
}

// Fold returns the form by which SKUs are unique.
func (s SKU) Fold() string { return strings.ToLower(string(s)) }

// AppendFold appends Fold to b, for looking SKUs up without allocating.
func (s SKU) AppendFold(b []byte) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= 0x80 {
			return append(b[:len(b)-i], s.Fold()...)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

// Location names a place that holds stock.
type Location string

// Main is the location of a shop that has only one.
const Main Location = "main"

// Source makes UUIDv7s from a clock and a source of randomness. Ids of one
// Source rise strictly, also within a millisecond and when the clock steps
// back: the 12 bits after the time count (RFC 9562 §6.2, method 1).
// It is safe for concurrent use.
type Source struct {
	now  func() time.Time
	rand io.Reader

	mu   sync.Mutex
	last uint64 // milliseconds << 12 | counter
}

// NewSource returns a Source; both arguments are required.
func NewSource(now func() time.Time, rand io.Reader) *Source {
	return &Source{now: now, rand: rand}
}

// New makes an id. It panics when the source of randomness fails, as
// crypto/rand does.
func (s *Source) New() UUID {
	var u UUID
	if _, err := io.ReadFull(s.rand, u[8:]); err != nil {
		panic("id: no randomness: " + err.Error())
	}
	stamp := uint64(s.now().UnixMilli()) << 12
	s.mu.Lock()
	if stamp <= s.last {
		stamp = s.last + 1
	}
	s.last = stamp
	s.mu.Unlock()
	binary.BigEndian.PutUint64(u[:8], stamp>>12<<16|0x7000|stamp&0xfff)
	u[8] = u[8]&0x3f | 0x80
	return u
}
