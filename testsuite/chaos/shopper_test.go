package chaos

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
)

// line is so many of a SKU.
type line struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// order is what tests read of an order.
type order struct {
	ID, Number, Status, Email string
	Lines                     []line
	Payment                   struct{ ID, Status string }
	Timeline                  []struct{ Type string }
}

// notes returns how many notes operators wrote on an order.
func (o order) notes() (n int) {
	for _, e := range o.Timeline {
		if e.Type == "note" {
			n++
		}
	}
	return n
}

// shopper is somebody with a cart of their own.
type shopper struct {
	*client
	cart string
}

// enter opens a cart.
func (c *client) enter(ctx context.Context) (*shopper, answer, error) {
	a, err := c.send(ctx, http.MethodPost, "/v1/carts", nil)
	if err != nil || a.status != http.StatusCreated {
		return nil, a, err
	}
	var cart struct{ ID, Token string }
	err = json.Unmarshal(a.body, &cart)
	return &shopper{c.with("X-Cart-Token", cart.Token), cart.ID}, a, err
}

// put puts a quantity of a SKU into the cart.
func (s *shopper) put(ctx context.Context, l line) (answer, error) {
	return s.send(ctx, http.MethodPut, "/v1/carts/"+s.cart+"/lines/"+l.SKU, encode(map[string]int{"quantity": l.Quantity}))
}

// checkout is one request to order a cart: sent again, it is the same one.
type checkout struct {
	key  string
	body []byte
}

// checkout asks what the cart costs and prepares to pay that with a token. A
// refusal is in the answer.
func (s *shopper) checkout(ctx context.Context, token, email string) (checkout, answer, error) {
	address := map[string]string{"last_name": "Storm", "line1": "1 Main St", "city": "Berlin", "postal_code": "10115", "country": "DE"}
	a, err := s.send(ctx, http.MethodPost, "/v1/checkout/quote", encode(map[string]any{"cart_id": s.cart, "shipping_address": address}))
	if err != nil || a.status != http.StatusOK {
		return checkout{}, a, err
	}
	var quote struct{ Total json.RawMessage }
	err = json.Unmarshal(a.body, &quote)
	return checkout{rand.Text(), encode(map[string]any{
		"cart_id": s.cart, "email": email, "shipping_address": address, "expected_total": quote.Total,
		"payment": map[string]string{"provider": "sandbox", "token": token},
	})}, a, err
}

// place sends a checkout.
func (s *shopper) place(ctx context.Context, c checkout) (answer, error) {
	return s.with("Idempotency-Key", c.key).send(ctx, http.MethodPost, "/v1/checkout", c.body)
}

// sell puts a product on the shelf.
func (s *server) sell(sku string, stock int) {
	s.t.Helper()
	admin := s.admin()
	admin.must(s.t, http.MethodPost, "/v1/admin/products", map[string]any{
		"name": "Product " + sku, "status": "active", "base_price": map[string]any{"amount": 1000, "currency": "EUR"},
		"variants": []any{map[string]any{"sku": sku}},
	}, nil)
	admin.with("Idempotency-Key", rand.Text()).must(s.t, http.MethodPost, "/v1/admin/variants/"+sku+"/stock-adjustments",
		map[string]any{"delta": stock, "reason": "received"}, nil)
}

// stock returns what there is of a SKU and how much of it is held.
func (s *server) stock(sku string) (onHand, reserved int) {
	s.t.Helper()
	var v struct {
		OnHand   int `json:"stock_qty"`
		Reserved int `json:"reserved"`
	}
	s.admin().must(s.t, http.MethodGet, "/v1/admin/variants/"+sku, nil, &v)
	return v.OnHand, v.Reserved
}

// orders returns all orders.
func (s *server) orders() []order {
	s.t.Helper()
	return all[order](s.t, s.admin(), "/v1/admin/orders?limit=100")
}

// all returns every item of a list.
func all[T any](t *testing.T, c *client, path string) []T {
	t.Helper()
	var items []T
	for cursor := ""; ; {
		var page struct {
			Items []T
			Next  string `json:"next_cursor"`
		}
		c.must(t, http.MethodGet, path+"&cursor="+cursor, nil, &page)
		items = append(items, page.Items...)
		if cursor = page.Next; cursor == "" {
			return items
		}
	}
}

// buyer names the n-th shopper's address.
func buyer(n int) string { return fmt.Sprintf("buyer-%s@example.com", strconv.Itoa(n)) }

// orderOf reads the order of an answer.
func orderOf(a answer) order {
	var o order
	_ = json.Unmarshal(a.body, &o) // zero for what is none
	return o
}
