package memsearch

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/bodega-commerce/bodega/core/search"
)

// collector turns the documents that match into products, and counts what they
// could be narrowed by, in one pass. Counts are exact: a product counts once
// for each value its variants have.
type collector struct {
	*snapshot
	sort  search.Sort
	outs  bool // what is out of stock comes last
	where conditions

	ranked []ranked // the products that match
	found  []found  // those of several documents, by group
	chain  []link   // their documents, by product
	heads  []uint32

	fetched uint32 // keeps fetch from being optimized away

	values      counter  // by attribute value
	repeats     counter  // by attribute: products that counted for one more of its values
	first       []uint32 // by numeric attribute: the product's first value, none once it is among again
	again       grouping // by numeric attribute: pairs of a product of several values and each of them
	brands      counter
	byPath      counter // documents alone in their product, not yet shared out to categories
	categories  counter
	prices      []priced
	byAttribute grouping
	words       []search.Word // of the name being marked
}

// found is what is known of a product of several documents: how many of them
// match, and the best.
type found struct {
	matching uint32
	best     uint32
	score    float32
	chain    uint32 // its first link+1
}

// link is a document of a product with several.
type link struct {
	doc   uint32
	next  uint32 // link+1
	fails int
	score float32
}

type priced struct {
	price int64
	group uint32
}

// counter counts products by some ordinal.
type counter struct {
	n       []uint32
	seen    []uint32 // the last product of several documents that counted, as a stamp
	touched []uint32
	stamp   uint32
}

func (c *counter) grow(n int) {
	if need := n - len(c.n); need > 0 {
		c.n = append(c.n, make([]uint32, need)...)
		c.seen = append(c.seen, make([]uint32, need)...)
	}
}

func (c *counter) add(i uint32) { c.addMany(i, 1) }

// addMany counts so many products, at least one.
func (c *counter) addMany(i, n uint32) {
	if c.n[i] == 0 {
		c.touched = append(c.touched, i)
	}
	c.n[i] += n
}

func (c *counter) addAll(list []uint32) {
	n, touched := c.n, c.touched
	for _, i := range list {
		if n[i] == 0 {
			touched = append(touched, i)
		}
		n[i]++
	}
	c.touched = touched
}

// addOnce counts, and says so, unless it has since the last call of next.
func (c *counter) addOnce(i uint32) bool {
	if !c.mark(i) {
		return false
	}
	c.add(i)
	return true
}

// mark reports whether this is the first call for i since the last call of next.
func (c *counter) mark(i uint32) bool {
	if c.seen[i] == c.stamp {
		return false
	}
	c.seen[i] = c.stamp
	return true
}

func (c *counter) next() {
	c.stamp++
	if c.stamp == 0 {
		clear(c.seen)
		c.stamp = 1
	}
}

func (c *counter) clear() {
	for _, i := range c.touched {
		c.n[i] = 0
	}
	c.touched = c.touched[:0]
}

func (c *collector) begin(s *snapshot, q *search.Query) {
	c.snapshot, c.sort, c.outs = s, q.Sort, q.Boosts.OutOfStockLast
	c.where.resolve(s, q)
	if need := len(s.products) - len(c.found); need > 0 {
		c.found = append(c.found, make([]found, need)...)
	}
	c.values.grow(len(s.valueText))
	c.repeats.grow(len(s.attributeTypes))
	if need := len(s.attributeTypes) - len(c.first); need > 0 {
		c.first = append(c.first, make([]uint32, need)...)
	}
	c.again.reset(len(s.attributeTypes))
	c.brands.grow(len(s.brands) + 1)
	c.byPath.grow(len(s.paths))
	c.categories.grow(len(s.categories))
}

func (c *collector) end() {
	for _, g := range c.heads {
		c.found[g] = found{}
	}
	c.heads, c.chain, c.prices, c.ranked = c.heads[:0], c.chain[:0], c.prices[:0], c.ranked[:0]
	c.values.clear()
	c.repeats.clear()
	c.brands.clear()
	c.byPath.clear()
	c.categories.clear()
	c.where.release()
	c.snapshot = nil
}

// collect looks at every document of a list. Without scores, all are alike.
func (c *collector) collect(docs []uint32, scores []float32) {
	free := c.where.none()
	for i, doc := range docs {
		if i%ahead == 0 {
			c.fetch(docs[i:min(i+ahead, len(docs))])
		}
		if !c.live.has(doc) {
			continue
		}
		fails := passes
		if !free {
			var possible bool
			if fails, possible = c.where.check(c.snapshot, doc); !possible {
				continue
			}
		}
		score := float32(0)
		if scores != nil {
			score = scores[i]
		}
		r := &c.rows[doc]
		g := r.group
		if c.multi.has(g) {
			c.hold(g, link{doc: doc, fails: fails, score: score})
			continue
		}
		if fails == passes {
			c.ranked = append(c.ranked, ranked{c.key(doc, score), g, doc})
		}
		c.count(r, fails)
	}
	for _, n := range c.byPath.touched {
		for _, category := range c.paths[n] {
			c.categories.addMany(category, c.byPath.n[n])
		}
	}
	for _, g := range c.heads {
		c.settle(g)
	}
}

// ahead is how many documents are fetched at once.
const ahead = 32

// fetch reads the beginning of what will be looked at of some documents, which
// are far from each other in memory: so the processor waits for all together
// instead of for one after the other.
func (c *collector) fetch(docs []uint32) {
	sum := uint32(0)
	for _, doc := range docs {
		if from := c.rows[doc].from; int(from) < len(c.snapshot.values) {
			sum += c.snapshot.values[from]
		}
	}
	c.fetched = sum
}

// hold keeps a document until all of its product are known.
func (c *collector) hold(g uint32, l link) {
	f := &c.found[g]
	if f.chain == 0 {
		c.heads = append(c.heads, g)
	}
	l.next = f.chain
	c.chain = append(c.chain, l)
	f.chain = uint32(len(c.chain))
}

// settle counts a product of several documents.
func (c *collector) settle(g uint32) {
	c.values.next()
	c.repeats.next()
	c.brands.next()
	c.categories.next()
	f := &c.found[g]
	for n := f.chain; n != 0; n = c.chain[n-1].next {
		l := &c.chain[n-1]
		if l.fails == passes {
			if f.matching == 0 || c.better(l.doc, l.score, f.best, f.score) {
				f.best, f.score = l.doc, l.score
			}
			f.matching++
		}
		c.countOnce(&c.rows[l.doc], l.fails)
	}
	if f.matching > 0 {
		c.ranked = append(c.ranked, ranked{c.key(f.best, f.score), g, f.best})
	}
}

// count counts the only document of a product.
func (c *collector) count(r *row, fails int) {
	all := fails == passes
	if all || fails == failsBrand {
		c.brands.add(r.brand)
	}
	if all || fails == failsCategory {
		c.byPath.add(r.path)
	}
	if all || fails == failsPrice {
		c.prices = append(c.prices, priced{r.price, r.group})
	}
	switch {
	case all:
		c.values.addAll(c.facetValues(r))
	case fails >= 0:
		for _, v := range c.facetValues(r) {
			if c.attributeOf[v] == c.where.attributes[fails] {
				c.values.add(v)
			}
		}
	}
}

// countOnce is count for one of several documents.
func (c *collector) countOnce(r *row, fails int) {
	all := fails == passes
	if all || fails == failsBrand {
		c.brands.addOnce(r.brand)
	}
	if all || fails == failsCategory {
		for _, category := range c.paths[r.path] {
			c.categories.addOnce(category)
		}
	}
	if all || fails == failsPrice {
		c.prices = append(c.prices, priced{r.price, r.group})
	}
	if !all && fails < 0 {
		return
	}
	for _, v := range c.facetValues(r) {
		a := c.attributeOf[v]
		switch {
		case !all && a != c.where.attributes[fails] || !c.values.addOnce(v):
		case c.repeats.mark(a):
			c.first[a] = v
		default:
			c.repeats.add(a)
			if c.attributeTypes[a].Numeric {
				c.repeat(a, r.group, v)
			}
		}
	}
}

// repeat notes a further value of a numeric attribute that a product has.
func (c *collector) repeat(a, group, v uint32) {
	if first := c.first[a]; first != none {
		c.again.add(a, group)
		c.again.add(a, first)
		c.first[a] = none
	}
	c.again.add(a, group)
	c.again.add(a, v)
}

// key is what a product sorts by, descending; the product id follows, ascending.
type key struct {
	out           bool // of stock, where that comes last
	first, second int64
}

func (k key) compare(other key) int {
	switch {
	case k.out != other.out && k.out:
		return -1
	case k.out != other.out:
		return 1
	case k.first != other.first:
		return cmp.Compare(k.first, other.first)
	}
	return cmp.Compare(k.second, other.second)
}

func (c *collector) key(doc uint32, score float32) (k key) {
	k.out = c.outs && c.rows[doc].flags&flagInStock == 0
	switch c.sort {
	case search.ByPriceAsc:
		k.first = -c.rows[doc].price
	case search.ByPriceDesc:
		k.first = c.rows[doc].price
	case search.ByRating:
		k.first, k.second = int64(math.Float64bits(c.rating[doc])), int64(c.ratings[doc])
	case search.ByNewest:
		k.first = c.newest[doc]
	case search.ByPopularity:
		k.first = c.rows[doc].sales
	default:
		k.first, k.second = int64(math.Float32bits(score)), c.rows[doc].sales
	}
	return k
}

// better reports whether a stands for its product rather than b: by what is
// sorted by, then score, the lower price, the newer, the SKU.
func (c *collector) better(a uint32, scoreA float32, b uint32, scoreB float32) bool {
	switch x, y := c.key(a, scoreA), c.key(b, scoreB); {
	case x != y:
		return x.compare(y) > 0
	case scoreA != scoreB:
		return scoreA > scoreB
	case c.rows[a].price != c.rows[b].price:
		return c.rows[a].price < c.rows[b].price
	case c.newest[a] != c.newest[b]:
		return c.newest[a] > c.newest[b]
	}
	return c.sku[a] < c.sku[b]
}

// ranked is a product with its key and the document that stands for it.
type ranked struct {
	key
	group uint32
	best  uint32
}

func (c *collector) before(a, b ranked) int {
	if by := b.compare(a.key); by != 0 {
		return by
	}
	return bytes.Compare(c.products[a.group].UUID[:], c.products[b.group].UUID[:])
}

// page returns products from the first'th up to the last'th, in order.
func (c *collector) page(first, last int) []ranked {
	return search.First(c.ranked, last, c.before)[min(first, len(c.ranked)):]
}

// matching returns the documents of a product that match, best first.
func (c *collector) matching(g uint32) []link {
	f := &c.found[g]
	links := make([]link, 0, f.matching)
	for n := f.chain; n != 0; n = c.chain[n-1].next {
		if l := c.chain[n-1]; l.fails == passes {
			links = append(links, l)
		}
	}
	slices.SortFunc(links, func(a, b link) int {
		if c.better(a.doc, a.score, b.doc, b.score) {
			return -1
		}
		return 1
	})
	return links
}
