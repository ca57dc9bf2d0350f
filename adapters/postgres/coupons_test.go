package postgres

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// Fifty whole checkouts want a coupon that has one use left.
func TestCheckout_LastCouponUsedOnce(t *testing.T) {
	t.Parallel()
	db, dir := open(t), t.TempDir()
	shop, err := core.New(core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(), Files: files.Dir(dir), Mail: files.Mail(dir),
		Payments: core.Providers{"sandbox": sandbox.New(filepath.Join(dir, "sandbox.log"))},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const buyers = 50
	ctx, by := t.Context(), account.System("test")
	_, err = shop.Catalog.Create(ctx, core.CreateProduct{By: by, Name: "Tee", Variants: []core.NewVariant{{SKU: "TEE-S", Price: money.New(1500, "EUR")}}})
	must(err)
	_, err = shop.Inventory.Receive(ctx, core.ReceiveStock{By: by, SKU: "TEE-S", Quantity: buyers})
	must(err)
	p, err := shop.Prices.CreatePromotion(ctx, core.CreatePromotion{By: by, Promotion: pricing.Promotion{
		Name: "Sale", Type: pricing.AmountOff, Amount: money.New(500, "EUR"), NeedsCoupon: true,
	}})
	must(err)
	_, err = shop.Prices.CreateCoupon(ctx, core.CreateCoupon{By: by, Promotion: p.Rule.ID, Code: "LAST", Limit: 1})
	must(err)
	shipTo := order.Address{LastName: "Lovelace", Line1: "1 Road", City: "Berlin", PostalCode: "10115", Country: "DE"}
	commands := make([]core.PlaceOrder, buyers)
	for i := range commands {
		c, err := shop.Carts.Open(ctx, core.OpenCart{By: by})
		must(err)
		_, err = shop.Carts.SetLine(ctx, core.SetCartLine{By: by, Cart: c.ID, SKU: "TEE-S", Quantity: 1})
		must(err)
		_, err = shop.Carts.ApplyCoupon(ctx, core.ApplyCoupon{By: by, Cart: c.ID, Code: "last"})
		must(err)
		commands[i] = core.PlaceOrder{
			By: by, Key: fmt.Sprint(i), Cart: c.ID, Email: fmt.Sprintf("%d@example.org", i), ShipTo: shipTo, Expect: money.New(1000, "EUR"),
			Pay: core.Pay{Provider: "sandbox", Token: sandbox.TokenOK},
		}
	}
	var redeemed atomic.Int64
	var all sync.WaitGroup
	for _, c := range commands {
		all.Go(func() {
			_, err := shop.Checkout.Place(ctx, c)
			switch code := fault.CodeOf(err); {
			case err == nil:
				redeemed.Add(1)
			case code != "coupon_exhausted" && code != "price_changed":
				t.Error(err)
			}
		})
	}
	all.Wait()
	coupon, err := shop.Prices.FindCoupon(ctx, core.FindCoupon{By: by, Promotion: p.Rule.ID, Code: "LAST"})
	must(err)
	if redeemed.Load() != 1 || coupon.Used != 1 {
		t.Errorf("%d orders have the coupon, it was used %d times", redeemed.Load(), coupon.Used)
	}
	broken, err := db.Violations(ctx)
	must(err)
	if len(broken) > 0 {
		t.Errorf("broken %+v", broken)
	}
}
