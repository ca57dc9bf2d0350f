package boot

import (
	"path/filepath"
	"strings"
)

// Welcome is what a person who started the shop wants to know: where it is,
// and three things to try.
func (a *App) Welcome() string {
	key := "the one in BODEGA_ADMIN_API_KEY"
	if a.keyFile {
		key = filepath.Join(a.DataDir, "admin.key")
	}
	return strings.NewReplacer("{url}", a.URL, "{ops}", a.OpsURL, "{key}", key, "{country}", a.Shop.Settings().Country).Replace(welcome)
}

const welcome = `
Bodega is open.

  Shop         {url}
  Reference    {url}/docs
  Metrics      {ops}/metrics
  Admin key    {key}

Search, fill a cart and buy:

  curl -s '{url}/v1/search?q={word}'
  CART=$(curl -s -X POST {url}/v1/carts) && ID=$(echo "$CART" | sed 's/.*"id":"\([^"]*\)".*/\1/') && TOKEN=$(echo "$CART" | sed 's/.*"token":"\([^"]*\)".*/\1/') && curl -s -X PUT {url}/v1/carts/$ID/lines/{sku} -H "X-Cart-Token: $TOKEN" -H 'Content-Type: application/json' -d '{"quantity": 2}'
  TOTAL=$(curl -s {url}/v1/checkout/quote -H "X-Cart-Token: $TOKEN" -H 'Content-Type: application/json' -d "{\"cart_id\": \"$ID\", \"shipping_address\": {\"country\": \"{country}\"}}" | sed 's/.*"total":\({"amount":[0-9]*,"currency":"[A-Z]*"}\).*/\1/') && curl -s {url}/v1/checkout -H "X-Cart-Token: $TOKEN" -H "Idempotency-Key: try-$ID" -H 'Content-Type: application/json' -d "{\"cart_id\": \"$ID\", \"email\": \"you@example.com\", \"shipping_address\": {\"last_name\": \"You\", \"line1\": \"Main Street 1\", \"city\": \"Berlin\", \"postal_code\": \"10115\", \"country\": \"{country}\"}, \"payment\": {\"provider\": \"sandbox\", \"token\": \"tok_ok\"}, \"expected_total\": $TOTAL}"

Ctrl-C stops it; the next start continues with the same data.
`
