package webhook

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
)

// What happens in a shop, by the names that receivers know. An order has one
// more for each status it comes to: order.confirmed, order.shipped, and so on.
const (
	ProductCreated  = "product.created"
	ProductUpdated  = "product.updated"
	ProductDeleted  = "product.deleted"
	CategoryCreated = "category.created"
	CategoryUpdated = "category.updated"
	CategoryDeleted = "category.deleted"
	OrderPlaced     = "order.placed"
	OrderUpdated    = "order.updated" // anything else on its timeline
	StockLow        = "stock.low"
)

// kinds are what an event is about, the part of its type before the dot.
var kinds = []string{"product", "category", "page", "order", "stock"}

// Event is something that happened.
type Event struct {
	ID   id.Event
	Type string
	At   time.Time
	Data json.RawMessage // an object
}

// Body returns what receivers are sent, the same bytes each time.
func (e Event) Body() []byte {
	raw, err := json.Marshal(struct {
		ID      id.Event        `json:"id"`
		Type    string          `json:"type"`
		Created string          `json:"created"`
		Data    json.RawMessage `json:"data"`
	}{e.ID, e.Type, e.At.UTC().Format("2006-01-02T15:04:05.000000Z"), e.Data})
	if err != nil {
		panic("webhook: event " + e.Type + ": " + err.Error()) // Data is JSON
	}
	return raw
}

// fits reports whether a pattern names a type: itself, all of its kind
// ("order.*") or everything ("*").
func fits(pattern, typ string) bool {
	prefix, open := strings.CutSuffix(pattern, "*")
	return pattern == typ || open && strings.HasPrefix(typ, prefix)
}

// known reports whether a pattern can ever fit something.
func known(pattern string) bool {
	kind, rest, dotted := strings.Cut(pattern, ".")
	return pattern == "*" || dotted && slices.Contains(kinds, kind) && typeName.MatchString(rest)
}
