package core_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

var operator = account.Key("desk", account.OrderRead, account.OrderWrite)

func TestOrders_Find(t *testing.T) {
	t.Parallel()
	secrets := func(s ...string) func(*core.Options) {
		return func(o *core.Options) {
			o.Secrets = nil
			for _, secret := range s {
				o.Secrets = append(o.Secrets, []byte(secret))
			}
		}
	}
	w := openTill(t, secrets("new", "old"))
	w.sell("TEE", 1500, 9)
	p, other := w.enter(want{"TEE", 1}).buy(), w.enter(want{"TEE", 1}).buy()
	old := openTill(t, secrets("old"))
	old.sell("TEE", 1500, 9)
	find := func(by account.Actor) error {
		v, err := w.shop.Orders.Find(t.Context(), core.FindOrder{By: by, Order: p.ID})
		if err == nil && (v.Number != p.Number || v.Payment.ID != p.Payment.ID || v.Token == "") {
			t.Errorf("found %+v", v)
		}
		return err
	}
	for name, by := range map[string]account.Actor{"token": account.Guest(p.Token), "operator": operator, "system": shopkeeper} {
		if err := find(by); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, by := range map[string]account.Actor{
		"nobody": {}, "another order's token": account.Guest(other.Token), "no token at all": account.Guest("x y z"), "half a token": account.Guest(p.Token[:20]),
		"a customer": account.Customer(id.Customer{UUID: w.ids.New()}), "a key that may not": account.Key("k", account.CatalogRead),
	} {
		if err := find(by); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, typed := range []string{p.Number, strings.ToLower(strings.ReplaceAll(p.Number, "-", ""))} {
		if v, err := w.shop.Orders.FindByNumber(t.Context(), core.FindOrderByNumber{By: operator, Number: typed}); err != nil || v.ID != p.ID {
			t.Errorf("%q: %s, %v", typed, v.ID, err)
		}
	}
	for _, typed := range []string{"", "1234", "0000-0000-1"} {
		if _, err := w.shop.Orders.FindByNumber(t.Context(), core.FindOrderByNumber{By: operator, Number: typed}); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestOrders_Browse(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 9)
	var placed []core.Placed
	for range 5 {
		placed = append(placed, w.enter(want{"TEE", 1}).buy())
	}
	if _, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: operator, Order: placed[2].ID}); err != nil {
		t.Fatal(err)
	}
	first, err := w.shop.Orders.Browse(t.Context(), core.BrowseOrders{By: operator, Filter: order.Filter{Limit: 3, Count: true}})
	if err != nil || len(first.Orders) != 3 || first.Total != 5 || first.Orders[0].ID != placed[4].ID || first.Orders[0].Payment.ID != placed[4].Payment.ID {
		t.Fatalf("got %+v, %v", first, err)
	}
	rest, err := w.shop.Orders.Browse(t.Context(), core.BrowseOrders{By: operator, Filter: order.Filter{Limit: 3, Before: first.Next}})
	if err != nil || len(rest.Orders) != 2 || !rest.Next.IsZero() || rest.Total != -1 || rest.Orders[1].ID != placed[0].ID {
		t.Fatalf("got %+v, %v", rest, err)
	}
	for name, f := range map[string]order.Filter{
		"status": {Status: order.Canceled}, "payment": {PaymentStatus: string(payment.Canceled)}, "number": {Number: strings.ToLower(placed[2].Number)},
		"query": {Query: strings.ReplaceAll(placed[2].Number, "-", "")},
	} {
		page, err := w.shop.Orders.Browse(t.Context(), core.BrowseOrders{By: operator, Filter: f})
		if err != nil || len(page.Orders) != 1 || page.Orders[0].ID != placed[2].ID {
			t.Errorf("%s: got %d orders, %v", name, len(page.Orders), err)
		}
	}
	if page, err := w.shop.Orders.Browse(t.Context(), core.BrowseOrders{By: operator, Filter: order.Filter{Number: "no number", Count: true}}); err != nil || len(page.Orders) != 0 || page.Total != 0 {
		t.Errorf("got %d orders, %v", len(page.Orders), err)
	}
	for _, limit := range []int{-1, 101} {
		_, err := w.shop.Orders.Browse(t.Context(), core.BrowseOrders{By: operator, Filter: order.Filter{Limit: limit}})
		mustFail[any](t, err, fault.Invalid, "validation_failed")
	}
	_, err = w.shop.Orders.Browse(t.Context(), core.BrowseOrders{By: account.Guest(placed[0].Token)})
	mustFail[any](t, err, fault.Denied, "permission_denied")
}

func TestOrders_Own(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 9)
	ada := account.Customer(id.Customer{UUID: w.ids.New()})
	for range 3 {
		c, err := w.shop.Carts.Open(t.Context(), core.OpenCart{By: ada})
		if err != nil {
			t.Fatal(err)
		}
		s := &shopper{w, ada, c.ID}
		if _, err := s.put("TEE", 1); err != nil {
			t.Fatal(err)
		}
		s.buy()
	}
	w.enter(want{"TEE", 1}).buy()
	page, err := w.shop.Orders.Own(t.Context(), core.OwnOrders{By: ada, Limit: 2})
	if err != nil || len(page.Orders) != 2 || page.Next.IsZero() {
		t.Fatalf("got %+v, %v", page, err)
	}
	page, err = w.shop.Orders.Own(t.Context(), core.OwnOrders{By: ada, Limit: 2, Before: page.Next})
	if err != nil || len(page.Orders) != 1 || !page.Next.IsZero() {
		t.Fatalf("got %+v, %v", page, err)
	}
	if v, err := w.shop.Orders.Find(t.Context(), core.FindOrder{By: ada, Order: page.Orders[0].ID}); err != nil || v.Status != order.Confirmed {
		t.Errorf("her own: %v", err)
	}
	for _, by := range []account.Actor{{}, account.Guest("t"), operator} {
		if page, err := w.shop.Orders.Own(t.Context(), core.OwnOrders{By: by}); err != nil || len(page.Orders) != 0 {
			t.Errorf("got %d orders, %v", len(page.Orders), err)
		}
	}
}

func TestOrders_Cancel(t *testing.T) {
	t.Parallel()

	t.Run("UnpaidIsVoided", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 2)
		s := w.enter(want{"TEE", 2})
		p, err := s.pay("k1", sandbox.TokenRequiresAction)
		if err != nil {
			t.Fatal(err)
		}
		o, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: account.Guest(p.Token), Order: p.ID, Reason: "too dear"})
		if err != nil {
			t.Fatal(err)
		}
		mustStand(t, o, order.Canceled, payment.Canceled)
		w.mustHave("TEE", 2, 0)
		if s.view().Status != cart.Open {
			t.Error("the cart stays locked")
		}
		s.buy()
		w.settle()
	})
	for name, captured := range map[string]bool{"HeldMoneyIsLetGo": false, "TakenMoneyIsRefunded": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openTill(t)
			w.sell("TEE", 1500, 2)
			p := w.enter(want{"TEE", 2}).buy()
			want := payment.Canceled
			if captured {
				w.work()
				want = payment.Refunded
			}
			w.bank.set(func(b *bank) { b.down = true })
			o, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: account.Guest(p.Token), Order: p.ID})
			if err != nil || o.Status != order.Canceled {
				t.Fatalf("got %s, %v", o.Status, err)
			}
			w.mustHave("TEE", 2, 0)
			for range 3 { // again changes nothing
				if _, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: account.Guest(p.Token), Order: p.ID}); err != nil {
					t.Fatal(err)
				}
			}
			w.mustHave("TEE", 2, 0)
			w.bank.set(func(b *bank) { b.down = false })
			w.settle()
			o = w.order(p.ID)
			mustStand(t, o, order.Canceled, want)
			if captured && (len(o.Refunds) != 1 || o.Refunds[0].Status != order.RefundSucceeded || o.Payment.Refunded != o.Totals.Total) {
				t.Errorf("refunds %+v, %s back", o.Refunds, o.Payment.Refunded)
			}
			moves, err := w.shop.Inventory.Movements(t.Context(), core.ListMovements{By: shopkeeper, SKU: "TEE"})
			if err != nil || len(moves) != 3 || moves[0].Reason != inventory.Returned || moves[0].Delta != 2 {
				t.Errorf("ledger %+v, %v", moves, err)
			}
		})
	}
	t.Run("WhoMayWhen", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 9)
		p := w.enter(want{"TEE", 2}).buy()
		guest := account.Guest(p.Token)
		_, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: account.Key("k", account.OrderRead), Order: p.ID})
		mustFail[any](t, err, fault.Denied, "permission_denied")
		if _, err := w.shop.Orders.Fulfill(t.Context(), core.FulfillOrder{By: operator, Order: p.ID}); err != nil {
			t.Fatal(err)
		}
		_, err = w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: guest, Order: p.ID})
		if c := mustFail[order.StateConflict](t, err, fault.Conflict, "order_state_conflict"); c.Status != order.Fulfilling || len(c.Allowed) != 0 {
			t.Errorf("got %+v", c)
		}
		if _, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: operator, Order: p.ID}); err != nil {
			t.Fatal(err)
		}
		w.settle()
	})
}

func TestOrders_Steps(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 9)
	p := w.enter(want{"TEE", 3}).buy()
	o, err := w.shop.Orders.Ship(t.Context(), core.ShipOrder{By: operator, Order: p.ID, Lines: []order.ShipmentLine{{SKU: "tee", Quantity: 1}}, Carrier: "DHL", TrackingNumber: "1"})
	if err != nil || o.Status != order.Fulfilling || o.Fulfillment() != order.Partial || o.Shipments[0].Carrier != "DHL" {
		t.Fatalf("got %+v, %v", o, err)
	}
	_, err = w.shop.Orders.Ship(t.Context(), core.ShipOrder{By: operator, Order: p.ID, Lines: []order.ShipmentLine{{SKU: "TEE", Quantity: 3}}})
	mustFail[any](t, err, fault.Invalid, "validation_failed")
	for range 2 {
		if o, err = w.shop.Orders.Ship(t.Context(), core.ShipOrder{By: operator, Order: p.ID}); err != nil || o.Status != order.Shipped || len(o.Shipments) != 2 {
			t.Fatalf("got %+v, %v", o, err)
		}
	}
	for range 2 {
		if o, err = w.shop.Orders.Deliver(t.Context(), core.DeliverOrder{By: operator, Order: p.ID}); err != nil || o.Status != order.Delivered {
			t.Fatalf("got %+v, %v", o, err)
		}
	}
	_, err = w.shop.Orders.Fulfill(t.Context(), core.FulfillOrder{By: operator, Order: p.ID})
	mustFail[order.StateConflict](t, err, fault.Conflict, "order_state_conflict")
	if o, err = w.shop.Orders.AddNote(t.Context(), core.AddNote{By: operator, Order: p.ID, Text: "rang the bell"}); err != nil {
		t.Fatal(err)
	}
	if last := o.Timeline[len(o.Timeline)-1]; last.Type != "note" || last.Actor != account.RoleAdmin || last.Message != "rang the bell" {
		t.Errorf("noted %+v", last)
	}
	if seen := o.TimelineFor(account.RoleCustomer); len(seen) != len(o.Timeline)-1 || len(o.TimelineFor(account.RoleAdmin)) != len(o.Timeline) {
		t.Errorf("a shopper sees %+v", seen)
	}
	for _, text := range []string{" ", strings.Repeat("x", 2001)} {
		_, err := w.shop.Orders.AddNote(t.Context(), core.AddNote{By: operator, Order: p.ID, Text: text})
		mustFail[any](t, err, fault.Invalid, "validation_failed")
	}
	_, err = w.shop.Orders.Ship(t.Context(), core.ShipOrder{By: operator, Order: p.ID, Carrier: strings.Repeat("x", 501)})
	mustFail[any](t, err, fault.Invalid, "validation_failed")
	w.settle()
}

func TestMails(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	p := w.sell("TEE", 1500, 9)
	p.Name = `Tee <b>& "more"`
	w.save(p)
	placed := w.enter(want{"TEE", 2}).buy()

	w.work()
	sent := w.post.all()
	if len(sent) != 1 {
		t.Fatalf("%d mails", len(sent))
	}
	link := fmt.Sprintf("https://shop.example/orders/%s?token=%s", placed.ID, placed.Token)
	m := sent[0]
	if m.To != "ada@example.com" || !strings.HasSuffix(m.ID, "@shop.example") || !strings.Contains(m.Subject, placed.Number) {
		t.Errorf("got %+v", m)
	}
	for _, part := range []string{placed.Number, "2 x Tee <b>& \"more\" (TEE): 30.00 EUR", "Shipping: 4.90 EUR", "Tax included: 5.57 EUR", "Total: 34.90 EUR", "Lovelace\nRing 1\n10115 Berlin\n", link} {
		if !strings.Contains(m.Text, part) {
			t.Errorf("the text lacks %q:\n%s", part, m.Text)
		}
	}
	for _, part := range []string{"Tee &lt;b&gt;&amp; &#34;more&#34;", "34.90 EUR", strings.ReplaceAll(link, "&", "&amp;")} {
		if !strings.Contains(m.HTML, part) {
			t.Errorf("the page lacks %q:\n%s", part, m.HTML)
		}
	}
	if strings.Contains(m.HTML, "<b>&") {
		t.Error("the page holds a name as markup")
	}

	if err := w.shop.Orders.ResendConfirmation(t.Context(), core.ResendConfirmation{By: operator, Order: placed.ID}); err != nil {
		t.Fatal(err)
	}
	for _, asked := range []core.LookupOrder{
		{Number: strings.ToLower(placed.Number), Email: " ADA@example.com"},
		{Number: placed.Number, Email: "eve@example.com"},
		{Number: "0000-0000-0", Email: "ada@example.com"},
		{Number: "", Email: ""},
		{Number: placed.Number, Email: "no address"},
	} {
		if err := w.shop.Orders.Lookup(t.Context(), asked); err != nil {
			t.Errorf("%+v: %v", asked, err)
		}
	}
	if n := w.work()[job.SendOrderLink]; n != 1 {
		t.Errorf("%d links", n)
	}
	sent = w.post.all()
	if len(sent) != 3 || sent[1].ID == sent[0].ID || sent[1].Text != sent[0].Text || !strings.Contains(sent[2].Text, link) || !strings.Contains(sent[2].HTML, link) {
		t.Errorf("sent %+v", sent)
	}
	for range 2 {
		if err := w.shop.Orders.ResendConfirmation(t.Context(), core.ResendConfirmation{By: operator, Order: placed.ID, Key: "k"}); err != nil {
			t.Fatal(err)
		}
	}
	if sent = w.post.all()[3:]; len(sent) != 2 || sent[0].ID != sent[1].ID {
		t.Errorf("asked again under a key, sent %+v", sent)
	}
	if err := w.shop.Mails.SendConfirmation(t.Context(), id.Job{UUID: w.ids.New()}, id.Order{UUID: w.ids.New()}); !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
	pending, err := w.enter(want{"TEE", 1}).pay("k1", sandbox.TokenRequiresAction)
	if err != nil {
		t.Fatal(err)
	}
	err = w.shop.Orders.ResendConfirmation(t.Context(), core.ResendConfirmation{By: operator, Order: pending.ID})
	mustFail[order.StateConflict](t, err, fault.Conflict, "order_state_conflict")
	if err := w.shop.Mails.SendConfirmation(t.Context(), id.Job{UUID: w.ids.New()}, pending.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
	w.audit()
}
