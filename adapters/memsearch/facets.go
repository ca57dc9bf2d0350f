package memsearch

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core/search"
)

// facets returns what the result can be narrowed by.
func (c *collector) facets(q *search.Query) []search.Facet {
	facets := make([]search.Facet, 0, search.MaxFacets)
	facets = append(facets, c.categoryFacet(q), c.brandFacet(q))
	for _, candidate := range search.Choose(c.candidates(q), len(c.ranked)) {
		a, _ := c.attribute(candidate.Name)
		if candidate.Numeric {
			facets = append(facets, c.rangeFacet(a, candidate.Attribute, filterOf(q, candidate.Name)))
		} else {
			facets = append(facets, c.termsFacet(a, candidate.Attribute, filterOf(q, candidate.Name)))
		}
	}
	return facets
}

func filterOf(q *search.Query, name string) search.Filter {
	i := slices.IndexFunc(q.Filters, func(f search.Filter) bool { return f.Name == name })
	if i < 0 {
		return search.Filter{}
	}
	return q.Filters[i]
}

// grouping holds a list of numbers for each of some attributes.
type grouping struct {
	slot   []uint32 // by attribute: its list+1
	lists  [][]uint32
	used   int
	owners []uint32 // attributes, by list
}

func (g *grouping) reset(attributes int) {
	for _, a := range g.owners {
		g.slot[a] = 0
	}
	if need := attributes - len(g.slot); need > 0 {
		g.slot = append(g.slot, make([]uint32, need)...)
	}
	g.used, g.owners = 0, g.owners[:0]
}

func (g *grouping) add(a, v uint32) {
	n := g.slot[a]
	if n == 0 {
		g.used++
		n = uint32(g.used)
		g.slot[a] = n
		g.owners = append(g.owners, a)
		if g.used > len(g.lists) {
			g.lists = append(g.lists, nil)
		}
		g.lists[n-1] = g.lists[n-1][:0]
	}
	g.lists[n-1] = append(g.lists[n-1], v)
}

func (g *grouping) values(a uint32) []uint32 {
	if n := g.slot[a]; n > 0 {
		return g.lists[n-1]
	}
	return nil
}

// candidates gathers the counted values by attribute.
func (c *collector) candidates(q *search.Query) []search.Candidate {
	c.byAttribute.reset(len(c.attributeTypes))
	for _, v := range c.values.touched {
		c.byAttribute.add(c.attributeOf[v], v)
	}
	list := make([]search.Candidate, 0, len(c.byAttribute.owners))
	for _, a := range c.byAttribute.owners {
		def := &c.attributeTypes[a]
		candidate := search.Candidate{
			Attribute: def, Products: -int(c.repeats.n[a]), Distinct: len(c.byAttribute.values(a)),
			Selected: slices.ContainsFunc(q.Filters, func(f search.Filter) bool { return f.Name == def.Name }),
		}
		for _, v := range c.byAttribute.values(a) {
			n := int(c.values.n[v])
			candidate.Products += n
			candidate.Most = max(candidate.Most, n)
		}
		list = append(list, candidate)
	}
	return list
}

func (c *collector) brandFacet(q *search.Query) search.Facet {
	values := make([]search.FacetValue, 0, len(c.brands.touched))
	missing := slices.Clone(q.Brands)
	for _, b := range c.brands.touched {
		if b == 0 {
			continue
		}
		brand := c.snapshot.brands[b-1]
		selected := slices.Contains(q.Brands, brand.Slug)
		values = append(values, search.FacetValue{Value: brand.Slug, Label: brand.Name, Count: int(c.brands.n[b]), Selected: selected})
		missing = slices.DeleteFunc(missing, func(s string) bool { return s == brand.Slug })
	}
	for _, slug := range missing {
		values = append(values, search.FacetValue{Value: slug, Label: slug, Selected: true})
	}
	return search.Facet{Name: search.FacetBrand, Label: "Brand", Type: search.Terms, Values: search.SortValues(values, nil)}
}

func (c *collector) categoryFacet(q *search.Query) search.Facet {
	values := make([]search.FacetValue, 0, len(c.categories.touched)+1)
	want, known := c.category(q.Category)
	asked := q.Category != ""
	for _, n := range c.categories.touched {
		category := &c.snapshot.categories[n]
		v := search.FacetValue{Value: category.Slug, Label: category.Name, Count: int(c.categories.n[n]), Selected: known && asked && n == want}
		if category.parent != 0 {
			v.Parent = c.snapshot.categories[category.parent-1].Slug
		}
		values = append(values, v)
	}
	if asked && !(known && c.categories.n[want] > 0) {
		values = append(values, search.FacetValue{Value: q.Category, Label: q.Category, Selected: true})
	}
	return search.Facet{Name: search.FacetCategory, Label: "Category", Type: search.Terms, Values: search.SortValues(values, nil)}
}

func (c *collector) termsFacet(a uint32, def *search.Attribute, filter search.Filter) search.Facet {
	counted := c.byAttribute.values(a)
	first := search.First(counted, search.MaxFacetValues, func(v, w uint32) int {
		if n, m := c.values.n[v], c.values.n[w]; n != m {
			return cmp.Compare(m, n)
		}
		return strings.Compare(c.valueText[v], c.valueText[w])
	})
	values := make([]search.FacetValue, 0, min(len(counted), search.MaxFacetValues)+len(filter.Values))
	add := func(text string, count uint32, selected bool) {
		label := text
		if i := slices.IndexFunc(def.Choices, func(ch search.Choice) bool { return ch.Value == text }); i >= 0 {
			label = cmp.Or(def.Choices[i].Label, text)
		}
		values = append(values, search.FacetValue{Value: text, Label: label, Count: int(count), Selected: selected})
	}
	for _, v := range first {
		add(c.valueText[v], c.values.n[v], filter.Matches(search.Text(c.valueText[v])))
	}
	for _, v := range counted[len(first):] {
		if filter.Matches(search.Text(c.valueText[v])) {
			add(c.valueText[v], c.values.n[v], true)
		}
	}
	for _, text := range filter.Values { // selected, and nothing left of it
		if !slices.ContainsFunc(values, func(v search.FacetValue) bool { return v.Value == text }) {
			add(text, 0, true)
		}
	}
	return search.Facet{Name: def.Name, Label: cmp.Or(def.Label, def.Name), Type: search.Terms, Values: search.SortValues(values, def.Choices)}
}

func (c *collector) rangeFacet(a uint32, def *search.Attribute, filter search.Filter) search.Facet {
	f := search.Facet{Name: def.Name, Label: cmp.Or(def.Label, def.Name), Type: search.Ranges, Unit: def.Unit, Buckets: []search.Bucket{}}
	counted := c.byAttribute.values(a)
	for i, v := range counted {
		n := c.valueNumber[v]
		if i == 0 {
			f.Min, f.Max = n, n
		}
		f.Min, f.Max = min(f.Min, n), max(f.Max, n)
	}
	if len(counted) == 0 {
		return f
	}
	ends := search.Bounds(f.Min, f.Max)
	for i := range len(ends) - 1 {
		f.Buckets = append(f.Buckets, search.Bucket{From: ends[i], To: ends[i+1], Selected: filter.Covers(ends[i], ends[i+1])})
	}
	for _, v := range counted {
		f.Buckets[search.Interval(ends, c.valueNumber[v])].Count += int(c.values.n[v])
	}
	if c.repeats.n[a] > 0 {
		c.countRepeats(a, ends, f.Buckets)
	}
	return f
}

// countRepeats takes off the buckets what products with several values in one
// of them have counted too often there.
func (c *collector) countRepeats(a uint32, ends []float64, buckets []search.Bucket) {
	last := make([]uint32, len(buckets)) // product+1 that counted last: those of a product follow each other
	for pair := range slices.Chunk(c.again.values(a), 2) {
		g, b := pair[0], search.Interval(ends, c.valueNumber[pair[1]])
		if last[b] == g+1 {
			buckets[b].Count--
		}
		last[b] = g + 1
	}
}

// priceRange returns the range of prices and its histogram.
func (c *collector) priceRange() (*search.PriceRange, []search.PriceBucket) {
	buckets := []search.PriceBucket{}
	if len(c.prices) == 0 {
		return nil, buckets
	}
	r := &search.PriceRange{Min: c.prices[0].price, Max: c.prices[0].price}
	for _, p := range c.prices {
		r.Min, r.Max = min(r.Min, p.price), max(r.Max, p.price)
	}
	ends := search.PriceBounds(r.Min, r.Max)
	last := make([]uint32, len(ends)) // product+1 that counted last: those of a product follow each other
	for i := range len(ends) - 1 {
		buckets = append(buckets, search.PriceBucket{From: ends[i], To: ends[i+1]})
	}
	for _, p := range c.prices {
		if b := search.Interval(ends, p.price); last[b] != p.group+1 {
			last[b] = p.group + 1
			buckets[b].Count++
		}
	}
	return r, buckets
}
