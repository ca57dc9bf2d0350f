package redis

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"github.com/bodega-commerce/bodega/ports"
)

// An entry is stored as
//
//	number of its generations (2 bytes)
//	of each: its number (16 hex digits), length (2 bytes) and bytes of its name
//	its mark: epoch, position (8 bytes each), length (1 byte) and bytes of the realm
//	when it was born (Unix µs), its cost, fresh and keep (ns), 8 bytes each
//	its value
//
// big-endian. The generations come first because lookup.lua reads them.

// A generation's state is its number and, unless its mark is zero, the mark's
// epoch and position (16 hex digits each) and its realm: raise.lua compares them
// as text.

const hexDigits = 16 // of a number

func encodeEntry(e ports.CacheEntry, seen []ports.Generation) []byte {
	b := make([]byte, 0, 128+64*len(seen)+len(e.Value))
	b = binary.BigEndian.AppendUint16(b, uint16(len(seen)))
	for _, g := range seen {
		b = append(b, hexOf(g.Number)...)
		b = binary.BigEndian.AppendUint16(b, uint16(len(g.Name)))
		b = append(b, g.Name...)
	}
	b = binary.BigEndian.AppendUint64(b, e.At.Epoch)
	b = binary.BigEndian.AppendUint64(b, e.At.Pos)
	b = append(b, byte(len(e.At.Realm)))
	b = append(b, e.At.Realm...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Born.UnixMicro()))
	for _, d := range [...]time.Duration{e.Cost, e.Fresh, e.Keep} {
		b = binary.BigEndian.AppendUint64(b, uint64(d))
	}
	return append(b, e.Value...)
}

// decodeEntry reads an entry; false for bytes that are none.
func decodeEntry(s string) (e ports.CacheEntry, ok bool) {
	r := reader{rest: s}
	for range r.short() {
		r.take(hexDigits)
		r.take(r.short())
	}
	e.At.Epoch, e.At.Pos = r.long(), r.long()
	e.At.Realm = ports.Realm(r.take(r.byte()))
	e.Born = time.UnixMicro(int64(r.long())).UTC()
	e.Cost, e.Fresh, e.Keep = time.Duration(r.long()), time.Duration(r.long()), time.Duration(r.long())
	e.Value = []byte(r.rest)
	return e, !r.broken
}

// reader takes values off the beginning of what is left; after it was asked for
// more than there is it is broken and returns zeros.
type reader struct {
	rest   string
	broken bool
}

func (r *reader) take(n int) string {
	if r.broken || n > len(r.rest) {
		r.rest, r.broken = "", true
		return ""
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) number(bytes int) (n uint64) {
	for _, b := range []byte(r.take(bytes)) {
		n = n<<8 | uint64(b)
	}
	return n
}

func (r *reader) byte() int    { return int(r.number(1)) }
func (r *reader) short() int   { return int(r.number(2)) }
func (r *reader) long() uint64 { return r.number(8) }

func hexOf(n uint64) string { return fmt.Sprintf("%016x", n) }

// encodeMark writes a mark as it stands in a state; nothing for the zero mark.
func encodeMark(m ports.Mark) string {
	if m.IsZero() {
		return ""
	}
	return hexOf(m.Epoch) + hexOf(m.Pos) + string(m.Realm)
}

// decodeState reads a generation's state; false for text that is none.
func decodeState(name, s string) (g ports.Generation, ok bool) {
	r := reader{rest: s}
	digits := func() uint64 {
		n, err := strconv.ParseUint(r.take(hexDigits), 16, 64)
		r.broken = r.broken || err != nil
		return n
	}
	g.Name, g.Number = name, digits()
	if r.rest != "" {
		g.After.Epoch, g.After.Pos = digits(), digits()
		g.After.Realm = ports.Realm(r.rest)
	}
	return g, !r.broken
}
