package memsearch

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// table is the writer's side of an index. One goroutine uses it at a time; what
// readers see of it are the snapshots it publishes.
type table struct {
	snapshot // the state being written

	dead        int
	published   int // rows that readers may see
	totalLength float64

	groupOf    map[id.Product]uint32
	valueOf    map[valueKey]uint32
	brandOf    map[string]uint32
	categoryOf map[id.Category]uint32
	pathOf     map[string]uint32
	forms      []form   // words as written, by number
	tail       []form   // those learnt since the lexicon was made
	texts      []uint32 // by value, which of said are its words as a text; 0: it has been none yet
	said       lists    // numbers of forms

	schema search.Schema

	// for the document being written
	where   []place
	touched []uint32
	split   []search.Word
	sorted  []uint32
}

type valueKey struct {
	attribute uint32
	text      string
}

func newTable(analyse func(string) string) *table {
	return &table{
		snapshot:   snapshot{keys: newKeys(analyse), skus: newSKUs(0), lexicon: &lexicon{}},
		groupOf:    map[id.Product]uint32{},
		valueOf:    map[valueKey]uint32{},
		brandOf:    map[string]uint32{},
		categoryOf: map[id.Category]uint32{},
		pathOf:     map[string]uint32{},
	}
}

// write brings in documents and tombstones by the rules of ports.Indexer.
func (t *table) write(docs []search.Document) []search.Outcome {
	outcomes := make([]search.Outcome, len(docs))
	for i := range docs {
		outcomes[i] = t.put(&docs[i])
	}
	if t.dead > minDead && t.dead*5 > len(t.sku) {
		t.compact()
	}
	return outcomes
}

// minDead keeps small indexes from being compacted at every change.
const minDead = 512

func (t *table) put(d *search.Document) search.Outcome {
	key := d.SKU.Fold()
	old, known := t.skus.at(key)
	switch {
	case known && old.version > d.Version:
		return search.Superseded
	case known && old.version == d.Version:
		return search.Indexed
	}
	e := entry{version: d.Version, digest: d.Digest(), doc: none, before: none}
	if known && (old.doc == none) == d.Deleted && old.digest == e.digest {
		e.doc, e.before = old.doc, old.before
		t.skus.set(key, e)
		return search.Indexed
	}
	if known {
		e.before = old.before
		if int(old.doc) < t.published {
			e.before = old.doc
		}
		if old.doc != none {
			t.kill(old.doc)
		}
	}
	if !d.Deleted {
		e.doc = t.append(d)
	}
	t.skus.set(strings.Clone(key), e)
	return search.Indexed
}

func (t *table) kill(doc uint32) {
	t.live.set(doc, false)
	t.alive--
	t.dead++
	t.totalLength -= float64(t.length[doc])
	g := t.rows[doc].group
	row := t.groups.edit(g)
	left := make([]uint32, 0, len(*row))
	for _, m := range *row {
		if m != doc {
			left = append(left, m)
		}
	}
	*row = left
	t.multi.set(g, len(left) > 1)
}

// append makes a new row of a document and returns its ordinal.
func (t *table) append(d *search.Document) uint32 {
	doc := uint32(len(t.sku))
	g := t.groupFor(d.Product)
	name, slug := "", ""
	mates := t.groups.at(g)
	if len(mates) > 0 && t.name[mates[0]] == d.Name && t.slug[mates[0]] == d.Slug { // variants of a product share its strings
		name, slug = t.name[mates[0]], t.slug[mates[0]]
	} else { // copies, that keep nothing else of the product
		name, slug = strings.Clone(d.Name), strings.Clone(d.Slug)
	}
	t.sku = append(t.sku, d.SKU)
	t.name = append(t.name, name)
	t.slug = append(t.slug, slug)
	t.newest = append(t.newest, unixMicro(d.Newest()))
	t.rating = append(t.rating, d.Rating)
	t.ratings = append(t.ratings, int32(d.Ratings))
	r := row{price: d.Price.Minor(), sales: d.Sales, group: g, brand: t.brandFor(d.Brand), path: t.pathFor(d.Categories), flags: flagsOf(d)}
	t.indexValues(&r, d)
	t.rows = append(t.rows, r)
	for _, c := range t.paths[r.path] {
		list := t.inPath.edit(c)
		*list = append(*list, doc)
	}
	t.currency = d.Price.Currency()

	t.indexWords(doc, d)
	group := t.groups.edit(g)
	*group = append(slices.Clip(*group), doc)
	t.multi.set(g, len(*group) > 1)
	t.live.set(doc, true)
	t.alive++
	return doc
}

func unixMicro(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

func flagsOf(d *search.Document) (flags uint8) {
	if d.InStock {
		flags |= flagInStock
	}
	if d.Featured {
		flags |= flagFeatured
	}
	return flags
}

// indexWords writes the postings of a document, the words of its name and how
// many they are: what else is told of a product makes it no less to the point.
func (t *table) indexWords(doc uint32, d *search.Document) {
	t.sorted = t.sorted[:0]
	length := float32(t.addWords(d.Name, inName, true))
	if d.Title != "" && d.Title != d.Name {
		t.sorted = append(t.sorted, none) // a phrase does not run from one into the other
		length += float32(t.addWords(d.Title, inName, true))
	}
	t.names.append(t.sorted...)
	for _, w := range t.splitWords(search.Head(d.Name, d.Brand.Name)) {
		t.add(t.learn(w.Text).term, inHead)
	}
	t.addWords(d.Brand.Name, inBrand, false)
	for _, c := range d.Categories {
		t.addWords(c.Name, inCategory, false)
	}
	t.addWords(d.Description, inText, false)
	t.length = append(t.length, length)
	t.totalLength += float64(length)

	for _, term := range t.touched {
		row := t.postings.edit(term)
		p := *row
		if p == nil || p.epoch != t.postings.epoch { // readers have it as it is
			p = &posting{epoch: t.postings.epoch}
			if *row != nil {
				p.docs, p.where = (*row).docs, (*row).where
			}
			*row = p
		}
		p.docs = append(p.docs, doc)
		p.where = append(p.where, t.where[term])
		t.where[term] = 0
	}
	t.touched = t.touched[:0]
}

// addWords notes the words of one field and returns how many there are. Words
// of the name are kept in order as well.
func (t *table) addWords(text string, at place, ordered bool) int {
	n := 0
	for _, w := range t.splitWords(text) {
		learnt := t.learn(w.Text)
		t.add(learnt.term, at)
		t.form(learnt.form, w.Text, learnt.term).seen(at&(inName|inBrand|inCategory) != 0)
		if w.Extra {
			continue
		}
		n++
		if ordered {
			t.sorted = append(t.sorted, learnt.term)
		}
	}
	return n
}

func (t *table) splitWords(text string) []search.Word {
	t.split = search.AppendWords(t.split[:0], text)
	return t.split
}

func (t *table) add(term uint32, at place) {
	for int(term) >= len(t.where) {
		t.where = append(t.where, make([]place, 1024)...)
	}
	w := t.where[term]
	if w == 0 {
		t.touched = append(t.touched, term)
	}
	switch {
	case at != inName:
		w |= at
	case w&nameCount != nameCount:
		w += inName
	}
	t.where[term] = w
}

// addText notes the words of an attribute's text. Most texts have been seen
// before, and their words are remembered with the value.
func (t *table) addText(value uint32, text string) {
	if value == none { // too long to be one
		t.addWords(text, inAttribute, false)
		return
	}
	for int(value) >= len(t.texts) {
		t.texts = append(t.texts, 0)
	}
	if t.texts[value] == 0 {
		for _, w := range t.splitWords(text) {
			learnt := t.learn(w.Text)
			t.form(learnt.form, w.Text, learnt.term)
			t.said.list = append(t.said.list, learnt.form)
		}
		t.said.append()
		t.texts[value] = uint32(len(t.said.end))
	}
	for _, number := range t.said.at(t.texts[value] - 1) {
		f := &t.forms[number]
		f.other++
		t.add(f.term, inAttribute)
	}
}

// indexValues writes the attribute values of a document, those that facets
// count before the others, and notes their words.
func (t *table) indexValues(r *row, d *search.Document) {
	t.sorted = t.sorted[:0]
	for name, v := range d.Attributes {
		value := none
		if v.Facetable() {
			value = t.valueFor(name, v)
			t.sorted = append(t.sorted, value)
		}
		switch v.Kind() {
		case search.KindText:
			t.addText(value, v.String())
		case search.KindBool:
			if v.Number() != 0 {
				t.addWords(strings.ReplaceAll(name, "_", " "), inAttribute, false)
			}
		case search.KindNumber: // numbers without their unit say nothing
		}
	}
	r.from = uint32(len(t.values))
	r.shown = r.from + t.sortValues(t.sorted)
	t.values = append(t.values, t.sorted...)
	r.to = uint32(len(t.values))
}

// sortValues puts the values that facets count first and returns their number.
func (t *table) sortValues(values []uint32) uint32 {
	slices.Sort(values)
	n := 0
	for i, v := range values {
		def := &t.attributeTypes[t.attributeOf[v]]
		if def.Filterable && (!def.Numeric || !math.IsNaN(t.valueNumber[v])) {
			copy(values[n+1:i+1], values[n:i])
			values[n] = v
			n++
		}
	}
	return uint32(n)
}

func (t *table) groupFor(p id.Product) uint32 {
	g, ok := t.groupOf[p]
	if !ok {
		g = uint32(len(t.products))
		t.groupOf[p] = g
		t.products = append(t.products, p)
	}
	return g
}

func (t *table) valueFor(name string, v search.Value) uint32 {
	a := t.learnAttribute(name)
	if int(a) == len(t.attributeTypes) {
		t.attributeTypes = append(t.attributeTypes, t.describe(name))
	}
	key := valueKey{a, v.String()}
	n, ok := t.valueOf[key]
	if !ok {
		number, reads := v.Reading()
		if !reads {
			number = math.NaN()
		}
		n = uint32(len(t.valueText))
		key.text = strings.Clone(key.text)
		t.valueOf[key] = n
		t.valueText = append(t.valueText, key.text)
		t.valueNumber = append(t.valueNumber, number)
		t.attributeOf = append(t.attributeOf, a)
		row := t.ofAttribute.edit(a)
		*row = append(*row, n)
	}
	return n
}

func (t *table) describe(name string) search.Attribute {
	def, ok := t.schema.Attribute(name)
	if !ok || name == search.FacetBrand || name == search.FacetCategory {
		def = search.Attribute{Name: strings.Clone(name)}
	}
	return def
}

// brandFor returns a brand's ordinal+1. A new name of a known slug is taken over.
func (t *table) brandFor(b search.Brand) uint32 {
	if b.Slug == "" {
		return 0
	}
	n, ok := t.brandOf[b.Slug]
	switch {
	case !ok:
		n = uint32(len(t.brands))
		t.brandOf[b.Slug] = n
		t.brands = append(t.brands, b)
	case t.brands[n] != b:
		t.brands = slices.Clone(t.brands)
		t.brands[n] = b
	}
	return n + 1
}

func (t *table) pathFor(steps []search.Category) uint32 {
	var key strings.Builder
	path := make([]uint32, len(steps))
	parent := uint32(0)
	for i, step := range steps {
		path[i] = t.categoryFor(step, parent)
		parent = path[i] + 1
		key.Write(step.ID.UUID[:])
	}
	n, ok := t.pathOf[key.String()]
	if !ok {
		n = uint32(len(t.paths))
		t.pathOf[key.String()] = n
		t.paths = append(t.paths, path)
	}
	return n
}

func (t *table) categoryFor(c search.Category, parent uint32) uint32 {
	now := category{c, parent}
	n, ok := t.categoryOf[c.ID]
	switch {
	case !ok:
		n = uint32(len(t.categories))
		t.categoryOf[c.ID] = n
		t.categories = append(t.categories, now)
	case t.categories[n] != now:
		t.categories = slices.Clone(t.categories)
		t.categories[n] = now
	}
	return n
}

// publish returns the present state for readers.
func (t *table) publish() *snapshot {
	s := t.snapshot
	s.counted, s.answered = new(counts), new(answers)
	s.live, s.multi = t.live.freeze(), t.multi.freeze()
	s.groups, s.postings, s.inPath, s.ofAttribute = t.groups.freeze(), t.postings.freeze(), t.inPath.freeze(), t.ofAttribute.freeze()
	if t.alive > 0 {
		s.avgLength = float32(t.totalLength / float64(t.alive))
	}
	t.published = len(t.sku)
	return &s
}

// define replaces the schema.
func (t *table) define(schema search.Schema) {
	if schema.Version < t.schema.Version {
		return
	}
	t.schema = schema
	types := make([]search.Attribute, len(t.attributeTypes))
	counted := false // whether facets count other values than before
	for i, old := range t.attributeTypes {
		types[i] = t.describe(old.Name)
		counted = counted || types[i].Filterable != old.Filterable || types[i].Numeric != old.Numeric
	}
	t.attributeTypes = types
	if counted {
		t.shareOut()
	}
}

// shareOut puts the values of every document in the order of the schema.
func (t *table) shareOut() {
	t.values, t.rows = slices.Clone(t.values), slices.Clone(t.rows)
	for doc := range t.rows {
		r := &t.rows[doc]
		r.shown = r.from + t.sortValues(t.allValues(r))
	}
}
