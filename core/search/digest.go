package search

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// Digest tells documents apart by all that is in them but their version. Equal
// documents have equal digests in every program; that of a tombstone is 0.
func (d *Document) Digest() uint64 {
	if d.Deleted {
		return 0
	}
	var room [4096]byte // for nearly all; the rest grow out of it
	b := digest(room[:0])
	b = b.text(string(d.SKU), d.Name, d.Title, d.Slug, d.Description, d.Brand.Slug, d.Brand.Name, string(d.Price.Currency()))
	b = append(b, d.Product.UUID[:]...)
	b = b.number(uint64(len(d.Categories)))
	for i := range d.Categories {
		b = append(b, d.Categories[i].ID.UUID[:]...)
		b = b.text(d.Categories[i].Slug, d.Categories[i].Name)
	}
	b = b.number(uint64(len(d.Attributes)))
	var few [64]string
	names := few[:0]
	for name := range d.Attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		v := d.Attributes[name]
		b = b.text(name, v.text)
		b = b.number(uint64(v.kind), math.Float64bits(v.number))
	}
	b = b.number(uint64(d.Price.Minor()), truth(d.InStock), truth(d.Featured), math.Float64bits(d.Rating), uint64(d.Ratings), uint64(d.Sales),
		moment(d.Released), moment(d.Created))
	sum := sha256.Sum256(b)
	return max(1, binary.LittleEndian.Uint64(sum[:]))
}

// digest gathers what is summed, each text behind its length.
type digest []byte

func (b digest) text(texts ...string) digest {
	for _, t := range texts {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	return b
}

func (b digest) number(numbers ...uint64) digest {
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

func truth(is bool) uint64 {
	if is {
		return 1
	}
	return 0
}

func moment(at time.Time) uint64 {
	if at.IsZero() {
		return 0
	}
	return uint64(at.UnixMicro())
}

// Entry is what an index holds of a SKU that can be found.
type Entry struct {
	Key     string // id.SKU.Fold
	Version int64
	Digest  uint64 // Document.Digest; 0: of a document written without one
}
