package memsearch

import "github.com/bodega-commerce/bodega/core/id"

// compact drops the rows of dead documents, gives the others new ordinals and
// lays everything out end to end. Readers keep the state they have.
func (t *table) compact() {
	docs, moved := t.survivors()
	products, movedGroup := t.survivingProducts()

	t.columns = t.columns.pick(docs)
	for i := range t.rows {
		t.rows[i].group = movedGroup[t.rows[i].group]
	}
	t.products = products
	clear(t.groupOf)
	for g, p := range products {
		t.groupOf[p] = uint32(g)
	}

	t.groups, t.live, t.multi = paged[[]uint32]{epoch: t.groups.epoch}, bitset{}, bitset{}
	members := make([]uint32, len(docs)) // every group's documents, end to end
	for doc := range docs {
		t.live.set(uint32(doc), true)
	}
	for g, list := range groupDocs(t.rows, len(products), members) {
		*t.groups.edit(uint32(g)) = list
		t.multi.set(uint32(g), len(list) > 1)
	}
	t.postings = t.compactPostings(moved)
	t.inPath = paged[[]uint32]{epoch: t.inPath.epoch}
	for doc := range t.rows {
		for _, c := range t.paths[t.rows[doc].path] {
			row := t.inPath.edit(c)
			*row = append(*row, uint32(doc))
		}
	}

	entries := newSKUs(len(t.skus.entries))
	for key, e := range t.skus.entries {
		if e.doc != none {
			e.doc = moved[e.doc]
		}
		e.before = none
		entries.entries[key] = e
	}
	t.skus = entries
	t.dead, t.published = 0, 0
	t.totalLength = 0
	for _, l := range t.length {
		t.totalLength += float64(l)
	}
	t.lexicon = t.newLexicon()
}

// survivors returns the living documents in order and, for each old ordinal,
// the new one or none.
func (t *table) survivors() (docs, moved []uint32) {
	docs = make([]uint32, 0, t.alive)
	moved = make([]uint32, len(t.sku))
	for doc := range moved {
		moved[doc] = none
		if t.live.has(uint32(doc)) {
			moved[doc] = uint32(len(docs))
			docs = append(docs, uint32(doc))
		}
	}
	return docs, moved
}

func (t *table) survivingProducts() (products []id.Product, moved []uint32) {
	moved = make([]uint32, len(t.products))
	for g, p := range t.products {
		moved[g] = none
		if len(t.groups.at(uint32(g))) > 0 {
			moved[g] = uint32(len(products))
			products = append(products, p)
		}
	}
	return products, moved
}

// groupDocs sorts documents by group into members and returns each group's part.
func groupDocs(rows []row, groups int, members []uint32) [][]uint32 {
	end := make([]uint32, groups)
	for i := range rows {
		end[rows[i].group]++
	}
	lists := make([][]uint32, groups)
	start := uint32(0)
	for g, n := range end {
		lists[g] = members[start : start : start+n]
		start += n
	}
	for doc := range rows {
		g := rows[doc].group
		lists[g] = append(lists[g], uint32(doc))
	}
	return lists
}

// compactPostings lays all postings out in two arrays.
func (t *table) compactPostings(moved []uint32) paged[*posting] {
	total := 0
	for term := range t.postings.n {
		if p := t.postings.at(uint32(term)); p != nil {
			total += len(p.docs)
		}
	}
	docs, where := make([]uint32, 0, total), make([]place, 0, total)
	packed := paged[*posting]{epoch: t.postings.epoch}
	for term := range t.postings.n {
		p := t.postings.at(uint32(term))
		if p == nil {
			continue
		}
		from := len(docs)
		for i, doc := range p.docs {
			if m := moved[doc]; m != none {
				docs = append(docs, m)
				where = append(where, p.where[i])
			}
		}
		if to := len(docs); to > from {
			*packed.edit(uint32(term)) = &posting{docs: docs[from:to:to], where: where[from:to:to]}
		}
	}
	return packed
}

// pick returns the columns of these documents, in this order.
func (c *columns) pick(docs []uint32) columns {
	picked := columns{
		rows: pick(c.rows, docs), sku: pick(c.sku, docs), name: pick(c.name, docs), slug: pick(c.slug, docs), newest: pick(c.newest, docs),
		rating: pick(c.rating, docs), ratings: pick(c.ratings, docs), length: pick(c.length, docs), names: c.names.pick(docs),
	}
	n := uint32(0)
	for i := range picked.rows {
		n += picked.rows[i].to - picked.rows[i].from
	}
	picked.values = make([]uint32, 0, n)
	for i := range picked.rows {
		r := &picked.rows[i]
		from := uint32(len(picked.values))
		picked.values = append(picked.values, c.allValues(r)...)
		r.from, r.shown, r.to = from, from+r.shown-r.from, from+r.to-r.from
	}
	return picked
}

func pick[T any](column []T, docs []uint32) []T {
	picked := make([]T, len(docs))
	for i, doc := range docs {
		picked[i] = column[doc]
	}
	return picked
}

func (l *lists) pick(docs []uint32) lists {
	n := 0
	for _, doc := range docs {
		n += len(l.at(doc))
	}
	picked := lists{end: make([]uint32, 0, len(docs)), list: make([]uint32, 0, n)}
	for _, doc := range docs {
		picked.append(l.at(doc)...)
	}
	return picked
}
