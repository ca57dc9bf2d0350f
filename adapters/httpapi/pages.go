package httpapi

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
	"sync"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/search"
)

// pages keeps whole answers with a page of products: putting one together costs
// several times what it takes to find out that it would be the same again. They
// are found by what they are made of, so they need no invalidation.
type pages struct {
	keeper[uint64, page]
	seed  maphash.Seed
	rooms sync.Pool // *sum
}

// page is an answer as it was sent.
type page struct {
	body []byte
	etag string
	id   int // where the search's id stands in body
}

func (p page) bytes() int { return len(p.body) + len(p.etag) }

func newPages() *pages {
	return &pages{
		keeper: keeper[uint64, page]{most: 8 << 20}, seed: maphash.MakeSeed(),
		rooms: sync.Pool{New: func() any { return new(sum) }},
	}
}

// lookup is what came of looking a page up; the zero lookup is one that was not
// made.
type lookup struct {
	page
	found bool
	asked bool
	key   uint64
}

// look looks for the page that is made of what list lists.
func (p *pages) look(list func(*sum)) lookup {
	s, _ := p.rooms.Get().(*sum)
	defer p.rooms.Put(s)
	*s = (*s)[:0]
	list(s)
	l := lookup{asked: true, key: maphash.Bytes(p.seed, *s)}
	l.page, l.found = p.get(l.key)
	return l
}

// keep keeps a copy of a page for the next one who looks for it.
func (p *pages) keep(at lookup, made page) {
	if at.asked {
		made.body = bytes.Clone(made.body)
		p.put(at.key, made)
	}
}

// sum lists what an answer is made of.
type sum []byte

func (s *sum) numbers(all ...int) {
	for _, n := range all {
		*s = binary.AppendUvarint(*s, uint64(n))
	}
}

func (s *sum) number(n uint64) { *s = binary.LittleEndian.AppendUint64(*s, n) }

func (s *sum) text(t string) {
	*s = append(binary.AppendUvarint(*s, uint64(len(t))), t...)
}

func (s *sum) flag(set bool) {
	if set {
		*s = append(*s, 1)
	} else {
		*s = append(*s, 0)
	}
}

func (s *sum) list(l *core.ProductPage) {
	s.text("list")
	s.numbers(l.Page, l.PerPage, l.Total, l.MaxPage)
	s.number(l.Looks)
}

func (s *sum) search(f *core.FoundProducts) {
	s.text("search")
	s.numbers(f.Page, f.PerPage, f.Total, f.MaxPage, len(f.Hits), len(f.Facets), len(f.Histogram))
	s.number(f.Looks)
	s.flag(f.Degraded)
	s.flag(f.Approximate)
	s.text(f.Corrected)
	s.text(f.Redirect)
	for i := range f.Hits {
		s.hit(&f.Hits[i])
	}
	for i := range f.Facets {
		s.facet(&f.Facets[i])
	}
	s.flag(f.Price != nil)
	if f.Price != nil {
		s.number(uint64(f.Price.Min))
		s.number(uint64(f.Price.Max))
	}
	for _, b := range f.Histogram {
		s.number(uint64(b.From))
		s.number(uint64(b.To))
		s.numbers(b.Count)
	}
}

func (s *sum) hit(h *search.Hit) {
	s.text(string(h.SKU))
	s.numbers(len(h.Matching), len(h.Highlights))
	for _, sku := range h.Matching {
		s.text(string(sku))
	}
	members := make([]string, 0, 4)
	for member := range h.Highlights {
		members = append(members, member)
	}
	slices.Sort(members)
	for _, member := range members {
		s.text(member)
		s.numbers(len(h.Highlights[member]))
		for _, at := range h.Highlights[member] {
			s.numbers(at[:]...)
		}
	}
}

func (s *sum) facet(f *search.Facet) {
	s.text(f.Name)
	s.text(f.Label)
	s.text(string(f.Type))
	s.text(f.Unit)
	s.number(math.Float64bits(f.Min))
	s.number(math.Float64bits(f.Max))
	s.numbers(len(f.Values), len(f.Buckets))
	for i := range f.Values {
		v := &f.Values[i]
		s.text(v.Value)
		s.text(v.Label)
		s.text(v.Parent)
		s.numbers(v.Count)
		s.flag(v.Selected)
	}
	for _, b := range f.Buckets {
		s.number(math.Float64bits(b.From))
		s.number(math.Float64bits(b.To))
		s.numbers(b.Count)
		s.flag(b.Selected)
	}
}
