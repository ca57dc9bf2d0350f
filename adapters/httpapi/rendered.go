package httpapi

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/id"
)

// rendered keeps products as JSON: encoding one costs ten times what finding it
// does. What is kept is found by the product's revision, so it needs no
// invalidation; it is bounded by two generations, of which the older is dropped
// when the younger is full.
type rendered struct {
	mu         sync.RWMutex
	young, old map[renderedKey]rendering
	size       int // bytes in young
}

const maxGeneration = 12 << 20 // bytes

type renderedKey struct {
	product id.Product
	view    view
	sku     id.SKU // of cards
}

// view is a way to show a product.
type view uint8

const (
	viewPage view = iota
	viewItem
	viewCard
)

type rendering struct {
	revision uint64
	body     []byte
}

// get returns the JSON of a view of a product, rendering it if need be. It must
// not be changed.
func (c *rendered) get(v *core.ProductView, as view, sku id.SKU, render func() any) ([]byte, error) {
	key, revision := renderedKey{v.ID, as, sku}, v.Revision()
	c.mu.RLock()
	found, ok := c.young[key]
	if !ok {
		found, ok = c.old[key]
	}
	c.mu.RUnlock()
	if ok && found.revision == revision {
		return found.body, nil
	}
	body, err := compact(render())
	if err != nil {
		return nil, err
	}
	c.keep(key, rendering{revision, body})
	return body, nil
}

func (c *rendered) keep(key renderedKey, r rendering) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || c.size+len(r.body) > maxGeneration {
		c.young, c.old, c.size = map[renderedKey]rendering{}, c.young, 0
	}
	c.size += len(r.body) - len(c.young[key].body)
	c.young[key] = r
}

func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.Clone(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// page writes a numbered page of rendered items, as Page marshals.
func page(items [][]byte, number, perPage, total, maxPage int) []byte {
	b := list(items)
	b = strconv.AppendInt(append(b, `,"page":`...), int64(number), 10)
	b = strconv.AppendInt(append(b, `,"per_page":`...), int64(perPage), 10)
	b = strconv.AppendInt(append(b, `,"total":`...), int64(total), 10)
	b = strconv.AppendInt(append(b, `,"max_page":`...), int64(maxPage), 10)
	return append(b, "}\n"...)
}

// list writes the beginning of an answer with rendered items.
func list(items [][]byte) []byte {
	size := 128
	for _, item := range items {
		size += len(item) + 1
	}
	b := append(make([]byte, 0, size), `{"items":[`...)
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, item...)
	}
	return append(b, ']')
}
