package core

import (
	"cmp"
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// Inventory counts stock.
type Inventory struct{ s *shared }

// ReceiveStock takes goods in.
type ReceiveStock struct {
	By        account.Actor
	SKU       id.SKU
	Quantity  int
	Location  id.Location // "": main
	Reference string      // a delivery note
	Note      string
}

// AdjustStock changes what is on hand by hand.
type AdjustStock struct {
	By        account.Actor
	SKU       id.SKU
	Delta     int
	Reason    inventory.Reason // received, damaged, correction, return, other
	Location  id.Location      // "": main
	Reference string           // with it, the same SKU and reason are adjusted once: a second time is Exists
	Note      string
	Key       string // names the request, in place of a Reference: sent again, it changes nothing more; "": it does
}

// StockChanged is a level after a change.
type StockChanged struct {
	inventory.Level
	Movement id.Movement
	Delta    int
	Mark     ports.Mark
}

// ShowLevels asks for the levels of SKUs at all locations.
type ShowLevels struct {
	By   account.Actor
	SKUs []id.SKU
}

// BrowseStock asks for levels; a zero Limit is 24.
type BrowseStock struct {
	By account.Actor
	inventory.Browse
}

// StockPage is a stretch of a list of levels.
type StockPage struct {
	Levels []inventory.Level
	Next   *inventory.Level // where the next stretch begins; nil at the end
	Total  int              // -1 unless it was asked for
}

// ListMovements asks for a SKU's ledger, newest first.
type ListMovements struct {
	By     account.Actor
	SKU    id.SKU
	Before id.Movement // older than this; zero: from the newest
	Limit  int         // 1..100; zero: 24
}

// Receive adds goods to a level. Needs stock.adjust; NotFound for a SKU that is
// not in the catalogue.
func (x *Inventory) Receive(ctx context.Context, c ReceiveStock) (StockChanged, error) {
	if c.Quantity < 1 {
		return StockChanged{}, fault.InvalidField("quantity", "too_small", "must be at least 1")
	}
	return x.Adjust(ctx, AdjustStock{
		By: c.By, SKU: c.SKU, Delta: c.Quantity, Reason: inventory.Received, Location: c.Location, Reference: c.Reference, Note: c.Note,
	})
}

// Adjust changes a level. Needs stock.adjust; NotFound for a SKU that is not in
// the catalogue; Exhausted (out_of_stock) below what is reserved; Exists
// (already_exists, "reference") for a reference that was used. Under a Key that
// made the change before, it has no effect and tells what there is now.
func (x *Inventory) Adjust(ctx context.Context, c AdjustStock) (StockChanged, error) {
	if err := allow(c.By, account.StockAdjust); err != nil {
		return StockChanged{}, err
	}
	t := x.s.turn(ctx, c.By.Role())
	a := inventory.Adjustment{
		SKU: c.SKU, Location: c.Location, Delta: c.Delta, Reason: c.Reason, Note: c.Note, Reference: c.Reference, By: c.By.Owner(), Unique: c.Reference != "",
	}
	if c.Key != "" {
		a.Reference, a.Unique = "request:"+id.UUID{}.Derive(c.Key).String(), true
	}
	changed, err := x.adjust(ctx, t, a, func(context.Context, ports.OrderTx) (bool, error) { return true, nil })
	if c.Key != "" && fault.Is(err, fault.Exists) {
		return x.adjusted(ctx, a, err)
	}
	return changed, err
}

// adjusted tells of a change that was made on the same request, and of the level
// as it is. Of what is no longer among the last of the ledger, it returns the
// error that says so.
func (x *Inventory) adjusted(ctx context.Context, a inventory.Adjustment, exists error) (StockChanged, error) {
	last, err := x.s.Orders.Stock.Movements(ctx, a.SKU, id.Movement{}, 100)
	if err != nil {
		return StockChanged{}, err
	}
	at := slices.IndexFunc(last, func(m inventory.Movement) bool { return m.Reason == a.Reason && m.Reference == a.Reference })
	if at < 0 {
		return StockChanged{}, exists
	}
	levels, err := x.s.Orders.Stock.Levels(ctx, []id.SKU{a.SKU})
	if err != nil {
		return StockChanged{}, err
	}
	changed := StockChanged{Movement: last[at].ID, Delta: last[at].Delta}
	for _, l := range levels {
		if l.Location == last[at].Location {
			changed.Level = l
		}
	}
	return changed, nil
}

// adjust carries out an adjustment if first, in the same transaction, says so.
func (x *Inventory) adjust(ctx context.Context, t *turn, a inventory.Adjustment, first func(context.Context, ports.OrderTx) (bool, error)) (StockChanged, error) {
	if err := a.Validate(); err != nil {
		return StockChanged{}, err
	}
	offers, err := x.s.Catalog.Offers.Offers(ctx, []id.SKU{a.SKU})
	if err != nil {
		return StockChanged{}, err
	}
	offer, ok := offers[a.SKU.Fold()]
	if !ok {
		return StockChanged{}, fault.Missing("variant")
	}
	a.ID, a.SKU, a.Location, a.At = id.Movement{UUID: t.id("movement")}, offer.SKU, cmp.Or(a.Location, id.Main), t.now
	var changed []inventory.Change
	mark, err := x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		changed = nil
		if ok, err := first(ctx, tx); err != nil || !ok {
			return err
		}
		var err error
		if changed, err = tx.Stock.Adjust(ctx, a); err != nil {
			return err
		}
		return shelvesOf(offers).index(ctx, tx.Jobs, changed, t)
	})
	if err != nil || len(changed) == 0 {
		return StockChanged{Mark: mark}, err
	}
	return StockChanged{Level: changed[0].After, Movement: a.ID, Delta: a.Delta, Mark: mark}, nil
}

// ApplyJob carries out an inventory.adjust job, once however often it is
// delivered. Malformed, Invalid, NotFound and Exhausted are permanent.
func (x *Inventory) ApplyJob(ctx context.Context, j job.Envelope) error {
	p, err := job.Decode[job.AdjustmentPayload](j)
	if err != nil {
		return err
	}
	a := inventory.Adjustment{
		SKU: p.SKU, Delta: p.Delta, Reason: cmp.Or(inventory.Reason(p.Reason), inventory.Other), Reference: cmp.Or(p.Reference, "job:"+j.ID.String()), By: "job",
	}
	_, err = x.adjust(ctx, x.s.turn(ctx, account.RoleSystem), a, func(ctx context.Context, tx ports.OrderTx) (bool, error) {
		return tx.Inbox.First(ctx, job.AdjustInventory, j.ID)
	})
	return err
}

// Levels shows the levels of SKUs, by SKU bytes and location. Needs stock.read.
func (x *Inventory) Levels(ctx context.Context, c ShowLevels) ([]inventory.Level, error) {
	if err := allow(c.By, account.StockRead); err != nil {
		return nil, err
	}
	return x.s.Orders.Stock.Levels(ctx, c.SKUs)
}

// Browse lists levels. Needs stock.read.
func (x *Inventory) Browse(ctx context.Context, c BrowseStock) (StockPage, error) {
	if err := allow(c.By, account.StockRead); err != nil {
		return StockPage{}, err
	}
	limit, err := stretch(c.Limit)
	if err != nil {
		return StockPage{}, err
	}
	c.Limit = limit
	levels, total, err := x.s.Orders.Stock.BrowseLevels(ctx, c.Browse)
	if err != nil {
		return StockPage{}, err
	}
	p := StockPage{Levels: levels, Total: total}
	if len(levels) == limit {
		p.Next = &levels[limit-1]
	}
	return p, nil
}

// Movements lists a SKU's ledger. Needs stock.read; NotFound for a SKU that
// neither has one nor is in the catalogue.
func (x *Inventory) Movements(ctx context.Context, c ListMovements) ([]inventory.Movement, error) {
	if err := allow(c.By, account.StockRead); err != nil {
		return nil, err
	}
	limit, err := stretch(c.Limit)
	if err != nil {
		return nil, err
	}
	list, err := x.s.Orders.Stock.Movements(ctx, c.SKU, c.Before, limit)
	if err != nil || len(list) > 0 || !c.Before.IsZero() {
		return list, err
	}
	offers, err := x.s.Catalog.Offers.Offers(ctx, []id.SKU{c.SKU})
	if err == nil && len(offers) == 0 {
		err = fault.Missing("variant")
	}
	return list, err
}
