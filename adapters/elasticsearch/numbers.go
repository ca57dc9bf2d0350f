package elasticsearch

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"

	"github.com/bodega-commerce/bodega/core/search"
)

// The numbers of all attributes lie on one line: each attribute has a stretch of
// it of its own, on which its numbers are in order. So one field of doubles holds
// the numbers of thousands of attributes, and one aggregation counts the
// intervals of all that are shown.
//
// Where two attributes had the same stretch, which is likely for one pair among
// six thousand of them, they would be counted together if the same result had
// both. Numbers that agree in eight digits have the same place.

const (
	stretches = 0x7ff << 13 // the highest would be infinities
	digits    = 39          // bits of a number that make its place
)

// stretch returns where an attribute's numbers begin.
func stretch(attribute string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(attribute))
	return h.Sum64() % stretches << digits
}

// placeOf returns the place of a number on the line.
func placeOf(attribute string, n float64) float64 {
	return math.Float64frombits(stretch(attribute) | sortableBits(n)>>(64-digits))
}

// next returns the place after another one.
func next(place float64) float64 { return math.Float64frombits(math.Float64bits(place) + 1) }

// sortableBits are in the order of numbers.
func sortableBits(n float64) uint64 {
	bits := math.Float64bits(n + 0) // negative zero is zero
	if bits>>63 == 0 {
		return bits | 1<<63
	}
	return ^bits
}

// span is the lowest and the highest number of an attribute in a result.
type span struct{ least, most float64 }

// places returns the places of the ends of the intervals of an attribute, unless
// they are too close to be told apart.
func (s span) places(attribute string) (places []float64, apart bool) {
	ends := search.Bounds(s.least, s.most)
	places = make([]float64, len(ends))
	for i, end := range ends {
		places[i] = placeOf(attribute, end)
	}
	last := len(ends) - 1
	places[last] = max(places[last], next(placeOf(attribute, s.most)))
	for i := range last {
		if places[i] >= places[i+1] {
			return nil, false
		}
	}
	return places, true
}

// edges returns intervals of which the first and the last have no numbers and
// those beside them have some, if the span is what it was.
func (s span) edges(attribute string) []object {
	from, to := placeOf(attribute, s.least), placeOf(attribute, s.most)
	first, last := stretch(attribute), stretch(attribute)+1<<digits
	edges := []object{between(math.Float64frombits(first), from), between(from, next(from))}
	if to > from {
		edges = append(edges, between(to, next(to)))
	}
	return append(edges, between(next(to), math.Float64frombits(last)))
}

func between(from, to float64) object { return object{"key": "", "from": from, "to": to} }

// askNumbers adds what is asked of numeric attributes: their intervals where it
// is known between which ends they lie, else these.
func (a *asking) askNumbers(to object, scope string, names []string) {
	var ranges, edges []object
	names = slices.SortedFunc(slices.Values(names), func(x, y string) int { return cmp.Compare(stretch(x), stretch(y)) })
	for _, name := range names {
		key, field := keyOf(name), "numbers."+name
		s, known := a.asked.spans[name]
		places, apart := []float64(nil), false
		if known {
			places, apart = s.places(name)
		}
		if !apart {
			to[key+leastOf], to[key+mostOf] = a.endOf(field, "asc"), a.endOf(field, "desc")
			if known {
				filters := closely(field, s)
				to[key+rangesOf] = object{"filters": object{"filters": filters}, "aggs": object{"products": a.products(exactValue)}}
				a.questions[key+rangesOf] = question{among: filters}
			}
			continue
		}
		first := len(ranges)
		for i := range len(places) - 1 {
			ranges = append(ranges, between(places[i], places[i+1]))
		}
		a.questions[key+rangesOf] = question{field: "places", among: ranges[first:]}
		edges = append(edges, s.edges(name)...)
		a.lines[scope] = append(a.lines[scope], name)
	}
	if len(ranges) > 0 {
		to[scope+rangesOf] = object{"range": object{"field": "places", "ranges": ranges}, "aggs": object{"products": a.products(exactValue)}}
		to[scope+edgesOf] = object{"range": object{"field": "places", "ranges": edges}}
	}
}

func (a *asking) endOf(field, direction string) object {
	end := object{"field": field, "size": 1, "order": object{"_key": direction}}
	if n := a.answers[overall].Documents; n > 0 && n <= fewDocuments {
		end["execution_hint"] = "map"
	}
	return object{"terms": end}
}

// closely returns the intervals of a span as filters.
func closely(field string, s span) []object {
	ends := search.Bounds(s.least, s.most)
	filters := make([]object, len(ends)-1)
	for i := range filters {
		filters[i] = object{"range": object{field: object{"gte": sortable(ends[i]), "lt": sortable(ends[i+1])}}}
	}
	return filters
}

// readNumbers takes in what was answered to askNumbers. A span that is not what
// it was is forgotten, so that it is asked for.
func (a *asking) readNumbers(keys []string) {
	for scope, names := range a.lines {
		ranges, edges := a.answers[scope+rangesOf].Buckets, a.answers[scope+edgesOf].Buckets
		delete(a.answers, scope+rangesOf) // each attribute gets its own
		delete(a.answers, scope+edgesOf)
		for _, name := range names {
			s := a.asked.spans[name]
			counts, n := len(search.Bounds(s.least, s.most))-1, len(s.edges(name))
			if len(ranges) < counts || len(edges) < n || !stands(edges[:n]) {
				delete(a.asked.spans, name)
				delete(a.answers, keyOf(name)+rangesOf)
			} else {
				a.answers[keyOf(name)+rangesOf] = answer{terms: terms{ranges[:counts]}}
			}
			ranges, edges = ranges[min(counts, len(ranges)):], edges[min(n, len(edges)):]
		}
	}
	for _, key := range keys {
		least, asked := a.answers[key+leastOf]
		most := a.answers[key+mostOf]
		if key[0] != ':' || !asked {
			continue
		}
		delete(a.answers, key+leastOf)
		if len(least.Buckets) == 0 || len(most.Buckets) == 0 {
			delete(a.asked.spans, key[1:])
			a.answers[key+rangesOf] = answer{} // there are none
			continue
		}
		s := span{unsortable(least.Buckets[0].Key), unsortable(most.Buckets[0].Key)}
		if a.asked.spans[key[1:]] != s {
			a.asked.spans[key[1:]] = s
			delete(a.answers, key+rangesOf)
		}
	}
}

// stands reports whether the edges are those of the span.
func stands(edges []bucket) bool {
	last := len(edges) - 1
	for i, b := range edges {
		if (b.Documents > 0) != (i > 0 && i < last) {
			return false
		}
	}
	return true
}
