package httpapi

import (
	"bytes"
	"strconv"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/id"
)

// rendered keeps products as JSON: encoding one costs ten times what finding it
// does. What is kept is found by the product's revision, so it needs no
// invalidation.
type rendered struct {
	keeper[renderedKey, rendering]
}

func newRendered() *rendered { return &rendered{keeper[renderedKey, rendering]{most: 12 << 20}} }

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

func (r rendering) bytes() int { return len(r.body) }

// show returns the JSON of a view of a product, rendering it if need be. It must
// not be changed.
func (c *rendered) show(v *core.ProductView, as view, sku id.SKU, render func() any) ([]byte, error) {
	key, revision := renderedKey{v.ID, as, sku}, v.Revision()
	if found, ok := c.get(key); ok && found.revision == revision {
		return found.body, nil
	}
	body, err := encode(render())
	if err != nil {
		return nil, err
	}
	c.put(key, rendering{revision, body})
	return body, nil
}

// items writes the beginning of an answer with rendered items.
func items(b *bytes.Buffer, list [][]byte) {
	b.WriteString(`{"items":[`)
	for i, item := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(item)
	}
	b.WriteByte(']')
}

// number writes a member with a number.
func number(b *bytes.Buffer, name string, n int) {
	b.WriteString(`,"`)
	b.WriteString(name)
	b.WriteString(`":`)
	b.Write(strconv.AppendInt(b.AvailableBuffer(), int64(n), 10))
}

// page writes a numbered page of rendered items, as Page marshals.
func (e *edge) page(list [][]byte, page, perPage, total, maxPage int) *bytes.Buffer {
	b := e.buffer()
	items(b, list)
	number(b, "page", page)
	number(b, "per_page", perPage)
	number(b, "total", total)
	number(b, "max_page", maxPage)
	b.WriteString("}\n")
	return b
}
