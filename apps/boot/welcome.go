package boot

import (
	"context"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
)

// Welcome is what a person who started the shop wants to know: where it is,
// and three things to try with what it sells.
func (a *App) Welcome(ctx context.Context) string {
	if a.URL == "" { // it answers nobody
		return "doing jobs; probes and metrics are at " + a.OpsURL + "\n"
	}
	key := "the one in BODEGA_ADMIN_API_KEY"
	if a.keyFile {
		key = filepath.Join(a.DataDir, "admin.key")
	}
	text, sku, word := welcome, "", ""
	if page, err := a.Shop.Catalog.List(ctx, core.ListProducts{Sort: catalog.ByPopularity}); err == nil {
		sku, word = something(page.Products)
	}
	if sku == "" {
		text += empty
	} else {
		text += try
	}
	return strings.NewReplacer("{url}", a.URL, "{ops}", a.OpsURL, "{key}", key, "{sku}", sku, "{word}", word,
		"{country}", a.Shop.Settings().Country).Replace(text + goodbye)
}

// something returns a SKU that can be bought now, and a word of its name.
func something(products []core.ProductView) (sku, word string) {
	for i := range products {
		for _, v := range products[i].Variants {
			if products[i].Available[v.SKU.Fold()] > 1 {
				return string(v.SKU), longestWord(products[i].Name)
			}
		}
	}
	return "", ""
}

// longestWord returns the longest word of letters.
func longestWord(name string) string {
	longest := ""
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len(w) > len(longest) {
			longest = w
		}
	}
	return strings.ToLower(longest)
}

const welcome = `
Bodega is open.

  Shop         {url}
  Reference    {url}/docs
  Metrics      {ops}/metrics
  Admin key    {key}
`

const empty = `
There is nothing to sell yet: start with BODEGA_DEMO=true, or bring a catalogue
in with "bodega import FILE".
`

const try = `
Search, fill a cart, buy:

  curl -s '{url}/v1/search?q={word}'

  CART=$(curl -s -X POST {url}/v1/carts); field() { echo "$CART" | sed "s/.*\"$1\":\"\([^\"]*\).*/\1/"; }; ID=$(field id) TOKEN=$(field token); curl -s -X PUT {url}/v1/carts/$ID/lines/{sku} -H "X-Cart-Token: $TOKEN" -H 'Content-Type: application/json' -d '{"quantity": 2}'

  TOTAL=$(curl -s {url}/v1/checkout/quote -H "X-Cart-Token: $TOKEN" -H 'Content-Type: application/json' -d '{"cart_id": "'$ID'", "shipping_address": {"country": "{country}"}}' | sed 's/.*"total":\({[^}]*}\),"lines.*/\1/'); curl -s {url}/v1/checkout -H "X-Cart-Token: $TOKEN" -H "Idempotency-Key: $ID" -H 'Content-Type: application/json' -d '{"cart_id": "'$ID'", "email": "you@example.com", "shipping_address": {"last_name": "You", "line1": "Main Street 1", "city": "Town", "postal_code": "10115", "country": "{country}"}, "payment": {"provider": "sandbox", "token": "tok_ok"}, "expected_total": '$TOTAL'}'
`

const goodbye = `
Ctrl-C stops it; the next start continues with the same data.
`
