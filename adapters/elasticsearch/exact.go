package elasticsearch

import (
	"cmp"
	"context"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core/id"
)

// The engine counts different products by 25 bits of a hash of each (HyperLogLog++,
// https://doi.org/10.1145/2452376.2452456, in its sparse form), so that among n
// products n²/2^26 pairs are taken for one; above exactValue it estimates. In a
// result of not more than exactResult products, counts large enough for that to
// show are asked for once more, by parts so small that hashes hardly meet.
const (
	exactResult = 10_000
	surely      = 1_000 // products are counted right at once, but for one count in 67
	parts       = 256   // of all products
	room        = 60    // of one request, in values of up to exactResult products; each takes 128 kB
)

// partOf returns the part that a product is of, and a number that stands for it.
func partOf(p id.Product) (part int, number int64) {
	h := fnv.New64a()
	_, _ = h.Write(p.UUID[:])
	return int(h.Sum64() % parts), int64(h.Sum64())
}

// inParts counts products, of which about so many are expected. In each part
// there may be more than twice as many as on average.
func inParts(n int) object {
	most := 95 // what 512 bytes have room for
	if n > exactResult {
		most = 3 * n / parts
	}
	return object{
		"parts": object{
			"terms": object{"field": "product_part", "size": parts},
			"aggs":  object{"products": object{"cardinality": object{"field": "product_number", "precision_threshold": most}}},
		},
		"products": object{"sum_bucket": object{"buckets_path": "parts>products"}},
	}
}

// recountPath is a search whose answer leaves the parts out.
const recountPath = "/_search?allow_partial_search_results=false&filter_path=aggregations,-aggregations.**.parts"

// question is what an answer was asked by: the values of a field, intervals of
// it, or filters; or, without any, only how many products there are.
type question struct {
	field  string
	among  []object
	within object // a filter on the scope; nil: none
}

// about asks for some of the buckets that the question was answered with.
func (q question) about(buckets []bucket, places []int) object {
	var keys []string
	var among []object
	for _, at := range places {
		if q.among == nil {
			keys = append(keys, buckets[at].Key)
		} else {
			among = append(among, q.among[at])
		}
	}
	switch {
	case q.field == "" && q.among == nil:
		return object{"filters": object{"filters": []object{{"match_all": object{}}}}}
	case q.field == "":
		return object{"filters": object{"filters": among}}
	case q.among == nil:
		return object{"terms": object{"field": q.field, "include": keys, "size": len(keys)}}
	}
	return object{"range": object{"field": q.field, "ranges": among}}
}

// doubt is a count that may be wrong.
type doubt struct {
	name     string // of the answer
	at       int    // place among its buckets; alone: it is one number
	products int
}

const alone = -1

// doubts returns what to count once more in the next request, by answer and place.
func (a *asking) doubts() []doubt {
	if a.answers["total"].Value > exactResult {
		return nil
	}
	var list []doubt
	for name, q := range a.questions {
		r := a.answers[name]
		if n := int(r.Value); q.field == "" && q.among == nil && n > surely && !r.exact {
			list = append(list, doubt{name, alone, n})
		}
		for i, b := range r.all() {
			if q.among != nil && i >= len(q.among) {
				break
			}
			if n := b.count(); n > surely && n <= exactTotal && !b.Products.exact {
				list = append(list, doubt{name, i, n})
			}
		}
	}
	slices.SortFunc(list, func(x, y doubt) int {
		return cmp.Or(y.products-x.products, strings.Compare(x.name, y.name), x.at-y.at)
	})
	left := room
	for i, d := range list {
		if left -= d.cost(); left < 0 {
			list = list[:i]
			break
		}
	}
	slices.SortFunc(list, func(x, y doubt) int { return cmp.Or(strings.Compare(x.name, y.name), x.at-y.at) })
	return list
}

// cost is the part of room that counting takes.
func (d doubt) cost() int {
	if d.products <= exactResult {
		return 1
	}
	return 4
}

// recount asks once more, and puts the right counts into the answers. Where that
// fails they stay what they were.
func (a *asking) recount(ctx context.Context, doubts []doubt) (done bool) {
	asked := map[string]object{} // by scope
	places := map[string][]int{} // by answer
	most := map[string]int{}
	for _, d := range doubts {
		most[d.name] = max(most[d.name], d.products)
		if places[d.name] = append(places[d.name], d.at); d.at == alone {
			places[d.name] = nil
		}
	}
	for name, at := range places {
		q, answered := a.questions[name], a.answers[name]
		again := q.about(answered.all(), at)
		again["aggs"] = inParts(most[name])
		if q.within != nil {
			again = object{"filter": q.within, "aggs": object{"values": again}}
		}
		scope := a.scopeOf(name)
		if asked[scope] == nil {
			asked[scope] = object{}
		}
		asked[scope][name] = again
	}
	scopes := object{}
	for scope, aggs := range asked {
		scopes[scope] = object{"filter": a.scopeFilter(scope), "aggs": aggs}
	}
	body := a.body()
	body["size"], body["track_total_hits"], body["aggs"] = 0, false, scopes
	var t told
	if err := a.engine.find(ctx, recountPath, body, &t); err != nil {
		return false
	}
	done = true
	for name, at := range places {
		told := t.Aggregations[a.scopeOf(name)][name]
		done = a.correct(name, at, told.all()) && done
	}
	return done
}

// correct puts the counts at some places of an answer right.
func (a *asking) correct(name string, places []int, right []bucket) (done bool) {
	r := a.answers[name]
	buckets := r.all()
	if done = true; places == nil {
		done = len(right) == 1 && r.correct(right[0].Products)
		a.answers[name] = r
	}
	for i, at := range places {
		if a.questions[name].among == nil {
			i = slices.IndexFunc(right, func(b bucket) bool { return b.Key == buckets[at].Key })
		}
		done = i >= 0 && i < len(right) && buckets[at].Products.correct(right[i].Products) && done
	}
	return done
}

// correct takes a right count over, unless it is too low to be of the same
// documents: those of an older layout are in no part until they are replaced.
func (v *value) correct(right value) (done bool) {
	if right.Value < v.Value*0.9 {
		return false
	}
	*v = value{right.Value, true}
	return true
}
