package sqlite

import (
	"iter"
	"sync"

	"github.com/bodega-commerce/bodega/core/catalog"
)

// encodedAtOnce is how many products are encoded while as many before them are
// being written.
const encodedAtOnce = 50

// documents returns each product's place and document, which is valid until the
// next one. Of many products it encodes those that come next on a goroutine of
// its own, so that the one writer does little else but write.
func documents(products []catalog.Product) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		var these, next encoded
		var ahead sync.WaitGroup
		defer ahead.Wait() // nobody looks at the products after the end
		these.fill(products[:min(encodedAtOnce, len(products))])
		for from := 0; from < len(products); from += encodedAtOnce {
			if rest := products[from+len(these.ends):]; len(rest) > 0 {
				ahead.Go(func() { next.fill(rest[:min(encodedAtOnce, len(rest))]) })
			}
			start := 0
			for i, end := range these.ends {
				if !yield(from+i, these.text[start:end]) {
					return
				}
				start = end
			}
			ahead.Wait()
			these, next = next, these
		}
	}
}

// encoded is the documents of some products, end to end.
type encoded struct {
	text []byte
	ends []int
}

func (e *encoded) fill(products []catalog.Product) {
	e.text, e.ends = e.text[:0], e.ends[:0]
	for i := range products {
		e.text = products[i].AppendDocument(e.text)
		e.ends = append(e.ends, len(e.text))
	}
}
