package stack_test

import (
	"path/filepath"
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

func TestPurchase(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t, stack.Env("BODEGA_SHIPPING_FLAT", "490"))
	tee := fixture.Product(t, shop.Shop, 3) // three on the shelf, at 19.99 each
	shop.Quiet(t)                           // the index knows them

	type cart struct{ ID, Token string }
	c := expect.JSON[cart](t, shop.Storefront(t, "POST", "/v1/carts", nil), 201)
	line := "/v1/carts/" + c.ID + "/lines/" + string(tee.Variants[0].SKU)
	resp := shop.Storefront(t, "PUT", line, `{"quantity": 4}`, "X-Cart-Token", c.Token)
	expect.Problem(t, resp, 409, "out_of_stock")
	expect.Status(t, shop.Storefront(t, "PUT", line, `{"quantity": 2}`, "X-Cart-Token", c.Token), 200)

	type order struct{ ID, Status string }
	placed := expect.JSON[order](t, shop.Storefront(t, "POST", "/v1/checkout", map[string]any{
		"cart_id":          c.ID,
		"email":            "ada@example.com",
		"shipping_address": map[string]any{"last_name": "Lovelace", "line1": "1 Main St", "city": "Berlin", "postal_code": "10115", "country": "DE"},
		"payment":          map[string]any{"provider": "sandbox", "token": "tok_ok"},
		"expected_total":   map[string]any{"amount": 2*1999 + 490, "currency": "EUR"},
	}, "X-Cart-Token", c.Token, "Idempotency-Key", "purchase-1"), 201)
	if placed.Status != "confirmed" {
		t.Errorf("the order is %s", placed.Status)
	}

	shop.Quiet(t) // the mail is written, the money captured
	mails, err := filepath.Glob(filepath.Join(shop.DataDir, "mail", "*.eml"))
	if err != nil || len(mails) != 1 {
		t.Fatalf("mails %v, %v", mails, err)
	}
	type stored struct{ Payment struct{ Status string } }
	if o := expect.JSON[stored](t, shop.Admin(t, "GET", "/v1/admin/orders/"+placed.ID, nil), 200); o.Payment.Status != "captured" {
		t.Errorf("the payment is %s", o.Payment.Status)
	}
}
