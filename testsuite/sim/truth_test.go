package sim

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/search"
)

// audit holds the shop's books against those of everybody else, at rest. It
// looks past the scheduler, at a program without bugs.
func (w *world) audit() {
	ctx := context.Background()
	broken, err := w.db.Violations(ctx)
	if err != nil {
		w.broken("audit: %v", err)
		return
	}
	for _, v := range broken {
		if v.Invariant == "refund_failed_is_answered" { // it calls an operator, and none is left
			continue
		}
		w.broken("the shop's books: %s: %s %s", v.Invariant, v.Subject, v.Detail)
	}
	shop, err := core.New(w.deps, &w.options)
	if err != nil {
		w.broken("audit: %v", err)
		return
	}
	page, err := shop.Orders.Browse(ctx, core.BrowseOrders{By: keeper, Filter: order.Filter{Limit: 100}})
	if err != nil {
		w.broken("audit: %v", err)
		return
	}
	orders := make(map[id.Order]core.OrderView, len(page.Orders))
	for _, o := range page.Orders {
		orders[o.ID] = o
		if o.Status == order.PendingPayment {
			w.broken("order %s still waits for its payment", o.ID)
		}
	}
	w.auditShoppers(ctx, shop, orders)
	w.auditClerk(orders)
	w.auditMoney(orders)
	w.auditMails(page.Orders)
	w.auditStock(ctx, shop, page.Orders)
	w.auditPrices(ctx, orders)
	w.auditSales(ctx, page.Orders)
	w.auditJobs(ctx)
}

// auditShoppers: who was told something finds it so, and is told the same again.
func (w *world) auditShoppers(ctx context.Context, shop *core.Shop, orders map[id.Order]core.OrderView) {
	for _, s := range w.shoppers {
		standing := 0
		for _, o := range orders {
			if o.Cart == s.command.Cart && !o.Dead() {
				standing++
			}
		}
		if standing > 1 {
			w.broken("%s has %d orders of one cart", s.name, standing)
		}
		if len(s.answers) == 0 {
			continue
		}
		again, err := shop.Checkout.Place(ctx, s.command)
		last := told{order: again.ID, code: fault.CodeOf(err)}
		if err == nil {
			last.code = ""
		}
		for _, a := range s.answers {
			if a.order != last.order || a.code != last.code {
				w.broken("%s was told %q and then %q", s.name, a, last)
			}
			o, there := orders[a.order]
			switch {
			case a.code != "" && standing > 0:
				w.broken("%s was told %q and has an order", s.name, a)
			case a.code != "":
			case !there:
				w.broken("%s was told %q, and it is not there", s.name, a)
			case a.status == order.Confirmed && o.ConfirmedAt.IsZero():
				w.broken("%s was told %q, and it never was", s.name, a)
			case s.canceled && o.Status != order.Canceled:
				w.broken("%s was told that order %s is cancelled, and it is %s", s.name, o.ID, o.Status)
			}
		}
	}
}

// auditMoney: the bank took what was sold, once, and holds nothing.
func (w *world) auditMoney(orders map[id.Order]core.OrderView) {
	paid := map[id.Order]int64{}
	for _, p := range w.bank.order {
		a := w.bank.accounts[p]
		if back := a.refunded(); back > a.captured {
			w.broken("the bank gave back %d of %d for payment %s", back, a.captured, p)
		}
		o, there := orders[a.order]
		if a.order.IsZero() { // voided before it was asked for
			continue
		}
		switch {
		case !there && (a.status == payment.Authorized || a.captured != a.refunded()):
			w.broken("the bank has money (%s) for order %s, which is not there", a.status, a.order)
		case !there:
		case a.status == payment.RequiresAction && !o.Dead():
			w.broken("the bank waits for a shopper, order %s is %s", o.ID, o.Status)
		case a.status == payment.Authorized && (o.Dead() || w.options.CaptureAt == core.CaptureOnConfirm || w.options.CaptureAt == core.CaptureOnShip && o.Fulfillment() == order.Fulfilled):
			w.broken("the bank still holds the money of order %s, which is %s", o.ID, o.Status)
		case a.status == payment.Authorized:
			paid[a.order] += a.amount.Minor()
		}
		paid[a.order] += a.captured - a.refunded()
		if there && o.Payment.Refunded.Minor() != a.refunded() {
			w.broken("the bank gave back %d for order %s, the shop knows of %s", a.refunded(), o.ID, o.Payment.Refunded)
		}
	}
	for _, o := range orders {
		want := w.cost(o) - o.GivenBack().Minor()
		if o.Dead() && !o.Bounced() {
			want = 0
		}
		if paid[o.ID] != want {
			w.broken("order %s is %s and costs %d, the bank has %d for it", o.ID, o.Status, want, paid[o.ID])
		}
	}
}

// auditMails: each order that was ever confirmed has one confirmation, by
// Message-ID, and no other has.
func (w *world) auditMails(orders []core.OrderView) {
	ids := map[string][]string{}
	for _, m := range w.post.sent {
		if !slices.Contains(ids[m.Subject], m.ID) {
			ids[m.Subject] = append(ids[m.Subject], m.ID)
		}
	}
	for _, o := range orders {
		want := 1
		if o.ConfirmedAt.IsZero() {
			want = 0
		}
		subject := "Your order " + o.Number + " at Bodega"
		if got := len(ids[subject]); got != want {
			w.broken("order %s is %s and has %d confirmations, want %d", o.ID, o.Status, got, want)
		}
		delete(ids, subject)
	}
	for subject := range ids {
		w.broken("a mail about nothing: %s", subject)
	}
}

// auditStock: what is not on the shelf was sold, nothing is held, and the index
// knows.
func (w *world) auditStock(ctx context.Context, shop *core.Shop, orders []core.OrderView) {
	sold := map[id.SKU]int{}
	for _, o := range orders {
		for _, l := range o.Lines {
			if !o.Dead() {
				sold[l.SKU] += l.Quantity - w.shelved(o.ID, l.SKU)
			}
		}
	}
	for _, g := range goods {
		levels, err := shop.Inventory.Levels(ctx, core.ShowLevels{By: keeper, SKUs: []id.SKU{g.sku}})
		if err != nil || len(levels) != 1 {
			w.broken("levels of %s: %v, %v", g.sku, levels, err)
			continue
		}
		if l := levels[0]; l.OnHand != g.units-sold[g.sku] || l.Reserved != 0 {
			w.broken("%s: %d of %d sold, %d on hand, %d reserved", g.sku, sold[g.sku], g.units, l.OnHand, l.Reserved)
		}
		if d, there := w.index.docs[g.sku]; there && d.InStock != (levels[0].OnHand > 0) {
			w.broken("%s: the index says in stock %t, %d on hand", g.sku, d.InStock, levels[0].OnHand)
		}
	}
}

// auditSales: products are as popular as what was sold of them makes them.
func (w *world) auditSales(ctx context.Context, orders []core.OrderView) {
	skus := make([]id.SKU, len(goods))
	for i, g := range goods {
		skus[i] = g.sku
	}
	store := w.db.Catalog()
	products, err := store.Records.ProductsBySKU(ctx, skus)
	if err != nil {
		w.broken("products: %v", err)
		return
	}
	waiting, err := store.Sales.Unranked(ctx, time.Now().AddDate(100, 0, 0), 100)
	if err != nil {
		w.broken("sales: %v", err)
	}
	for i := range products {
		p := &products[i]
		var sold []search.Sold
		for _, o := range orders {
			if !o.Payment.ID.IsZero() && o.Payment.Captured.Minor() == 0 {
				continue
			}
			for _, l := range o.Lines {
				if l.Product == p.ID && !o.ConfirmedAt.IsZero() && o.Status != order.Canceled {
					sold = append(sold, search.Sold{Day: search.DayOf(o.CreatedAt), Units: int64(l.Quantity)})
				}
			}
		}
		got := p.Popularity
		for _, u := range waiting { // it is about to be ranked
			if u.Product == p.ID {
				got = search.Popularity(u.Sold)
			}
		}
		if want := search.Popularity(sold); search.Noticeable(got, want) {
			w.broken("%s is at %d, what was sold of it (%v) makes %d", p.Name, got, sold, want)
		}
	}
}

// auditJobs: all work was done. Jobs that ask the bank do not outlive an hour
// without it; the reconciler does.
func (w *world) auditJobs(ctx context.Context) {
	excused := func(task string) bool { return !w.down.from.IsZero() && strings.HasPrefix(task, "payment.") }
	if w.broker != nil {
		for _, d := range w.broker.dead {
			if !excused(d) {
				w.broken("a dead job: %s", d)
			}
		}
	}
	all, err := w.db.Jobs().Backlogs(ctx)
	if err != nil {
		w.broken("backlogs: %v", err)
	}
	for _, b := range all {
		if b.Dead > 0 && !excused(b.Task) {
			dead, _, err := w.db.Jobs().ListDead(ctx, deadOf(b.Task))
			w.broken("%d dead jobs of %s: %v, %v", b.Dead, b.Task, dead, err)
		}
	}
}
