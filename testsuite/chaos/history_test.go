package chaos

import (
	"context"
	cryptorand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

// What clients of a history do to one SKU.
const (
	reserves = iota // for an order
	consumes        // what the order holds
	releases        // what the order holds
	adjusts         // what is on the shelf
	looks           // at the level
)

// ordersOf is how many orders a history has.
const ordersOf = 12

type asked struct {
	do, order, units int
}

// came is what came of it: whether anything happened, and, of who looked, the
// level.
type came struct {
	done             bool
	onHand, reserved int
}

// shelf is a SKU as one who does one thing after the other would keep it.
type shelf struct {
	onHand int
	held   [ordersOf]int
}

func (s shelf) reserved() (sum int) {
	for _, n := range s.held {
		sum += n
	}
	return sum
}

// counter is the model: what may come of each thing asked, and what is then.
var counter = porcupine.Model{
	Init: func() any { return shelf{} },
	Step: func(state, input, output any) (bool, any) {
		s, _ := state.(shelf)
		in, _ := input.(asked)
		out, _ := output.(came)
		possible := false
		switch in.do {
		case reserves:
			if possible = s.onHand-s.reserved() >= in.units; possible {
				s.held[in.order] += in.units
			}
		case consumes:
			if possible = s.held[in.order] > 0; possible {
				s.onHand, s.held[in.order] = s.onHand-s.held[in.order], 0
			}
		case releases:
			possible, s.held[in.order] = s.held[in.order] > 0, 0
		case adjusts:
			if possible = s.onHand+in.units >= s.reserved(); possible {
				s.onHand += in.units
			}
		case looks:
			return out.onHand == s.onHand && out.reserved == s.reserved(), s
		}
		return out.done == possible, s
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

// Clients of two servers reserve, sell, give back and count the units of one SKU,
// at once: there is an order, in keeping with who was done before whom began, in
// which one after the other would have been told the same.
func TestHistories_OfOneSKU(t *testing.T) { onEachStore(t, histories) }

func histories(t *testing.T, w *tills) {
	t.Helper()
	for n := range 25 {
		sku := id.SKU(fmt.Sprint("SKU-", n))
		history := w.live(sku)
		result, info := porcupine.CheckOperationsVerbose(counter, history, time.Minute)
		switch result {
		case porcupine.Ok:
		case porcupine.Unknown:
			t.Errorf("%s: nobody can say", sku)
		case porcupine.Illegal:
			for _, o := range history {
				t.Logf("client %d, %d to %d: %s", o.ClientId, o.Call, o.Return, counter.DescribeOperation(o.Input, o.Output))
			}
			t.Fatalf("%s: nobody could be told that, one after the other: the longest way gets to %v", sku, info.PartialLinearizations())
		}
	}
}

// live plays one history.
func (w *tills) live(sku id.SKU) []porcupine.Operation {
	w.t.Helper()
	const clients, each = 6, 14
	ids := id.NewSource(time.Now, cryptorand.Reader)
	var named [ordersOf]id.Order
	for i := range named {
		named[i] = id.Order{UUID: ids.New()}
	}
	var mu sync.Mutex
	var next int
	var history []porcupine.Operation
	began := time.Now()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for range each {
				mu.Lock()
				in := asked{do: []int{reserves, reserves, consumes, releases, adjusts, looks}[rand.IntN(6)], order: rand.IntN(ordersOf), units: 1 + rand.IntN(3)}
				switch in.do {
				case reserves: // an order does so once
					if in.order = next; next == ordersOf {
						in.do = looks
						break
					}
					next++
				case adjusts:
					in.units = rand.IntN(6) - 2
				}
				mu.Unlock()
				call := time.Since(began)
				out, err := w.step(w.db[client%2].Orders(), sku, named[in.order%ordersOf], ids, in)
				if err != nil {
					w.t.Error(err)
					return
				}
				back := time.Since(began)
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(call), Return: int64(back)})
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return history
}

// step does one thing in a transaction of its own.
func (w *tills) step(store ports.OrderStore, sku id.SKU, o id.Order, ids *id.Source, in asked) (out came, err error) {
	ctx, now := w.t.Context(), time.Now()
	if in.do == looks {
		levels, err := store.Stock.Levels(ctx, []id.SKU{sku})
		for _, l := range levels {
			out.onHand, out.reserved = l.OnHand, l.Reserved
		}
		return out, err
	}
	_, err = again(func() (ports.Mark, error) {
		return store.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
			var changes []inventory.Change
			var err error
			switch in.do {
			case reserves:
				_, err = tx.Stock.Reserve(ctx, inventory.Reservation{
					Order: o, Lines: []inventory.Line{{SKU: sku, Location: id.Main, Quantity: in.units}}, ExpiresAt: now.Add(time.Hour), At: now,
				})
				out.done = err == nil
				return err
			case consumes:
				out.done = true
				return tx.Stock.Consume(ctx, o, []id.Movement{{UUID: ids.New()}}, now)
			case releases:
				changes, err = tx.Stock.Release(ctx, o, now)
			case adjusts:
				_, err = tx.Stock.Adjust(ctx, inventory.Adjustment{
					ID: id.Movement{UUID: ids.New()}, SKU: sku, Location: id.Main, Delta: in.units, Reason: inventory.Received, By: "system:test", At: now,
				})
				out.done = err == nil
				return err
			}
			out.done = len(changes) > 0
			return err
		})
	})
	if fault.Is(err, fault.Exhausted, fault.Gone) {
		return came{}, nil
	}
	return out, err
}
