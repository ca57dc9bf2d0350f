package memsearch

// paged is a table of rows that one writer changes while readers hold older
// states of it. The writer changes a row through edit, which copies the page
// of a state that was handed out; everything else is shared between states.
type paged[T any] struct {
	pages []*page[T]
	n     int
	epoch uint64 // the state being written; pages of older ones are copied first
	root  uint64 // the epoch that pages belongs to
}

const pageRows = 128

type page[T any] struct {
	epoch uint64
	rows  [pageRows]T
}

// at returns a row, or the zero row past the end.
func (p *paged[T]) at(i uint32) T {
	if int(i) >= p.n {
		var zero T
		return zero
	}
	return p.pages[i/pageRows].rows[i%pageRows]
}

// edit returns a row to be written, growing the table to it.
func (p *paged[T]) edit(i uint32) *T {
	if p.root != p.epoch {
		p.pages = append([]*page[T](nil), p.pages...)
		p.root = p.epoch
	}
	for int(i)/pageRows >= len(p.pages) {
		p.pages = append(p.pages, &page[T]{epoch: p.epoch})
	}
	p.n = max(p.n, int(i)+1)
	q := p.pages[i/pageRows]
	if q.epoch != p.epoch {
		q = &page[T]{epoch: p.epoch, rows: q.rows}
		p.pages[i/pageRows] = q
	}
	return &q.rows[i%pageRows]
}

// freeze returns the present state for readers and begins the next one.
func (p *paged[T]) freeze() paged[T] {
	frozen := *p
	p.epoch++
	return frozen
}

// bitset is a set of ordinals, written the same way as paged.
type bitset struct {
	words []uint64
	owned bool
}

func (b *bitset) has(i uint32) bool {
	w := int(i / 64)
	return w < len(b.words) && b.words[w]&(1<<(i%64)) != 0
}

func (b *bitset) set(i uint32, on bool) {
	if !b.owned {
		b.words = append(make([]uint64, 0, len(b.words)+16), b.words...)
		b.owned = true
	}
	for int(i/64) >= len(b.words) {
		b.words = append(b.words, 0)
	}
	if on {
		b.words[i/64] |= 1 << (i % 64)
	} else {
		b.words[i/64] &^= 1 << (i % 64)
	}
}

func (b *bitset) freeze() bitset {
	b.owned = false
	return bitset{words: b.words}
}
