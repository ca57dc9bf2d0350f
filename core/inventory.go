package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
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

// ListLow asks for levels with little left.
type ListLow struct {
	By    account.Actor
	Below int
	From  id.SKU // after this one
	Limit int    // 1..100; zero: 24
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
	return StockChanged{}, notYet()
}

// Adjust changes a level. Needs stock.adjust; NotFound for a SKU that is not in
// the catalogue; Exhausted (out_of_stock) below what is reserved.
func (x *Inventory) Adjust(ctx context.Context, c AdjustStock) (StockChanged, error) {
	return StockChanged{}, notYet()
}

// ApplyJob carries out an inventory.adjust job, once however often it is
// delivered. Malformed, Invalid, NotFound and Exhausted are permanent.
func (x *Inventory) ApplyJob(ctx context.Context, j job.Envelope) error {
	return notYet()
}

// Levels shows the levels of SKUs, by SKU bytes and location. Needs stock.read.
func (x *Inventory) Levels(ctx context.Context, c ShowLevels) ([]inventory.Level, error) {
	return nil, notYet()
}

// Low lists levels with less than Below available, by SKU bytes. Needs stock.read.
func (x *Inventory) Low(ctx context.Context, c ListLow) ([]inventory.Level, error) {
	return nil, notYet()
}

// Movements lists a SKU's ledger. Needs stock.read.
func (x *Inventory) Movements(ctx context.Context, c ListMovements) ([]inventory.Movement, error) {
	return nil, notYet()
}
