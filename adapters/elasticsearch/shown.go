package elasticsearch

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core/search"
)

// facets returns what the result can be narrowed by.
func (a *asking) facets() []search.Facet {
	facets := make([]search.Facet, 0, search.MaxFacets)
	facets = append(facets, a.categoryFacet(), a.brandFacet())
	for _, c := range a.chosen() {
		filter, _ := a.filter(c.Name)
		if c.Numeric {
			if _, there := a.asked.spans[c.Name]; !there {
				continue
			}
			facets = append(facets, a.rangeFacet(c.Attribute, filter))
		} else {
			facets = append(facets, a.termsFacet(c.Attribute, filter))
		}
	}
	return facets
}

// shownValues returns the buckets of a facet whose keys have several members,
// the first of which tells values apart. While something is being renamed there
// are old and new names of it: the one that more have is shown.
func (a *asking) shownValues(key string) (ids []string, members map[string][]string, counts map[string]int) {
	values, chosen := a.answers[key+valuesOf].Buckets, a.answers[key+chosenOf].Values.Buckets
	members, counts = map[string][]string{}, map[string]int{}
	seen := map[string]bool{}
	for i, b := range slices.Concat(values, chosen) {
		want := map[string]int{byCategory: 4, byBrand: 2}[key]
		parts := strings.SplitN(b.Key, separator, want)
		if len(parts) < want || seen[b.Key] || i >= len(values) && !a.picks(key, parts) {
			continue
		}
		seen[b.Key] = true
		if _, known := members[parts[0]]; !known {
			members[parts[0]] = parts
			ids = append(ids, parts[0])
		}
		counts[parts[0]] += b.count()
	}
	return ids, members, counts
}

func (a *asking) picks(key string, parts []string) bool {
	if key == byBrand {
		return slices.Contains(a.q.Brands, parts[0])
	}
	return a.q.Category != "" && (a.q.Category == parts[1] || a.q.Category == parts[0])
}

func (a *asking) categoryFacet() search.Facet {
	var values []search.FacetValue
	missing := a.q.Category != ""
	ids, members, counts := a.shownValues(byCategory)
	for _, id := range ids {
		m := members[id]
		v := search.FacetValue{Value: m[1], Parent: m[2], Label: m[3], Count: counts[id], Selected: a.picks(byCategory, m)}
		missing = missing && !v.Selected
		values = append(values, v)
	}
	if missing {
		values = append(values, search.FacetValue{Value: a.q.Category, Label: a.q.Category, Selected: true})
	}
	return search.Facet{Name: search.FacetCategory, Label: "Category", Type: search.Terms, Values: sorted(values, nil)}
}

func (a *asking) brandFacet() search.Facet {
	var values []search.FacetValue
	missing := slices.Clone(a.q.Brands)
	ids, members, counts := a.shownValues(byBrand)
	for _, slug := range ids {
		values = append(values, search.FacetValue{Value: slug, Label: members[slug][1], Count: counts[slug], Selected: slices.Contains(a.q.Brands, slug)})
		missing = slices.DeleteFunc(missing, func(s string) bool { return s == slug })
	}
	for _, slug := range missing {
		values = append(values, search.FacetValue{Value: slug, Label: slug, Selected: true})
	}
	return search.Facet{Name: search.FacetBrand, Label: "Brand", Type: search.Terms, Values: sorted(values, nil)}
}

func sorted(values []search.FacetValue, choices []search.Choice) []search.FacetValue {
	if values == nil {
		values = []search.FacetValue{}
	}
	return search.SortValues(values, choices)
}

func (a *asking) termsFacet(def *search.Attribute, filter search.Filter) search.Facet {
	key := keyOf(def.Name)
	var values []search.FacetValue
	add := func(text string, count int, selected bool) {
		if slices.ContainsFunc(values, func(v search.FacetValue) bool { return v.Value == text }) {
			return
		}
		label := text
		if i := slices.IndexFunc(def.Choices, func(c search.Choice) bool { return c.Value == text }); i >= 0 {
			label = cmp.Or(def.Choices[i].Label, text)
		}
		values = append(values, search.FacetValue{Value: text, Label: label, Count: count, Selected: selected})
	}
	for _, b := range slices.Concat(a.answers[key+valuesOf].Buckets, a.answers[key+chosenOf].Values.Buckets) {
		add(b.Key, b.count(), filter.Matches(search.Text(b.Key)))
	}
	for _, text := range filter.Values { // selected, and nothing left of it
		add(text, 0, true)
	}
	return search.Facet{Name: def.Name, Label: cmp.Or(def.Label, def.Name), Type: search.Terms, Values: sorted(values, def.Choices)}
}

func (a *asking) rangeFacet(def *search.Attribute, filter search.Filter) search.Facet {
	f := search.Facet{Name: def.Name, Label: cmp.Or(def.Label, def.Name), Type: search.Ranges, Unit: def.Unit, Buckets: []search.Bucket{}}
	s := a.asked.spans[def.Name]
	f.Min, f.Max = s.least, s.most
	ends, buckets := search.Bounds(s.least, s.most), a.answers[keyOf(def.Name)+rangesOf].Buckets
	for i := range min(len(ends)-1, len(buckets)) {
		f.Buckets = append(f.Buckets, search.Bucket{From: ends[i], To: ends[i+1], Count: buckets[i].count(), Selected: filter.Covers(ends[i], ends[i+1])})
	}
	return f
}

// prices returns the range of prices and its histogram.
func (a *asking) prices() (*search.PriceRange, []search.PriceBucket) {
	histogram := []search.PriceBucket{}
	least, most, priced := a.priceSpan()
	if !priced {
		return nil, histogram
	}
	ends, buckets := a.asked.prices, a.answers[byPrice+rangesOf].Buckets
	for i := range min(len(ends)-1, len(buckets)) {
		histogram = append(histogram, search.PriceBucket{From: ends[i], To: ends[i+1], Count: buckets[i].count()})
	}
	return &search.PriceRange{Min: least, Max: most}, histogram
}

// approximate reports whether the result has numbers that may be estimates.
func (a *asking) approximate() bool {
	for _, r := range a.answers {
		for _, b := range r.all() {
			if n := b.count(); n > exactValue && n != b.Documents && !b.Products.exact {
				return true
			}
		}
	}
	return a.answers["total"].Value > exactResult
}
