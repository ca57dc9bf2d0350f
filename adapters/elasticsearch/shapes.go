package elasticsearch

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/bodega-commerce/bodega/core/search"
)

// maxShapes are kept in a generation, at about 2 kB each.
const maxShapes = 4096

// settledFor is how long it is taken for known which attributes matter for a
// query, while as many documents are found as before. Their counts are always
// those of the index.
const settledFor = time.Minute

// shapeKeys returns under which keys the shape of a query's result is kept: as
// it is, whatever its page and order; and without its filters, which change it
// a little.
func shapeKeys(q *search.Query) [2]string {
	exact := *q
	exact.Page, exact.PerPage, exact.Sort = 0, 0, search.ByDefault
	bare := search.Query{Text: q.Text, Category: q.Category, Exact: q.Exact}
	var keys [2]string
	for i, q := range []*search.Query{&exact, &bare} {
		text, _ := json.Marshal(q) // numbers of a valid query are finite
		keys[i] = string(text)
	}
	return keys
}

// guess returns the shape that a query's result had before, or one like it, of
// which nothing is settled.
func (e *Engine) guess(q *search.Query) shape {
	for i, key := range shapeKeys(q) {
		if s, ok := e.shapes.find(key); ok {
			s = s.clone()
			if i > 0 {
				s.most, s.settled = 0, settled{}
			}
			return s
		}
	}
	return shape{spans: map[string]span{}}
}

func (e *Engine) remember(q *search.Query, s shape) {
	for _, key := range shapeKeys(q) {
		e.shapes.keep(key, s)
	}
}

// clone returns a shape that can be changed.
func (s shape) clone() shape {
	s.spans = maps.Clone(s.spans)
	return s
}
