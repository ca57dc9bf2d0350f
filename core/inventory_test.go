package core_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

func TestInventory_Adjust(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 5)
	clerk := account.Key("clerk", account.StockAdjust, account.StockRead)

	got, err := w.shop.Inventory.Adjust(t.Context(), core.AdjustStock{By: clerk, SKU: "tee", Delta: -2, Reason: inventory.Damaged, Note: "wet", Reference: "R1"})
	if err != nil || got.SKU != "TEE" || got.OnHand != 3 || got.Available() != 3 || got.Delta != -2 || got.Movement.IsZero() || got.Mark.IsZero() {
		t.Fatalf("got %+v, %v", got, err)
	}
	_, err = w.shop.Inventory.Adjust(t.Context(), core.AdjustStock{By: clerk, SKU: "TEE", Delta: -2, Reason: inventory.Damaged, Reference: "R1"})
	mustFail[fault.Taken](t, err, fault.Exists, "already_exists")
	if _, err := w.enter(want{"TEE", 2}).pay("k1", sandbox.TokenRequiresAction); err != nil {
		t.Fatal(err)
	}
	_, err = w.shop.Inventory.Adjust(t.Context(), core.AdjustStock{By: clerk, SKU: "TEE", Delta: -2, Reason: inventory.Correction})
	mustFail[inventory.Shortages](t, err, fault.Exhausted, "out_of_stock")
	w.mustHave("TEE", 3, 2)

	for name, c := range map[string]core.AdjustStock{
		"Nothing":   {SKU: "TEE", Reason: inventory.Other},
		"TooMuch":   {SKU: "TEE", Delta: inventory.MaxQuantity + 1, Reason: inventory.Other},
		"TooLittle": {SKU: "TEE", Delta: -inventory.MaxQuantity - 1, Reason: inventory.Other},
		"NoReason":  {SKU: "TEE", Delta: 1},
		"ASale":     {SKU: "TEE", Delta: 1, Reason: inventory.Sale},
		"LongNote":  {SKU: "TEE", Delta: 1, Reason: inventory.Other, Note: strings.Repeat("x", 501)},
		"NoSKU":     {SKU: "no sku", Delta: 1, Reason: inventory.Other},
	} {
		c.By = clerk
		if _, err := w.shop.Inventory.Adjust(t.Context(), c); fault.CodeOf(err) != "validation_failed" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = w.shop.Inventory.Receive(t.Context(), core.ReceiveStock{By: clerk, SKU: "TEE", Quantity: -1})
	mustFail[any](t, err, fault.Invalid, "validation_failed")
	_, err = w.shop.Inventory.Receive(t.Context(), core.ReceiveStock{By: clerk, SKU: "NOPE", Quantity: 1})
	mustFail[fault.Resource](t, err, fault.NotFound, "not_found")
	_, err = w.shop.Inventory.Receive(t.Context(), core.ReceiveStock{By: operator, SKU: "TEE", Quantity: 1})
	mustFail[any](t, err, fault.Denied, "permission_denied")
	_, err = w.shop.Inventory.Receive(t.Context(), core.ReceiveStock{SKU: "TEE", Quantity: 1})
	mustFail[any](t, err, fault.Unauthenticated, "unauthenticated")

	moves, err := w.shop.Inventory.Movements(t.Context(), core.ListMovements{By: clerk, SKU: "TEE"})
	if err != nil || len(moves) != 2 || moves[0].Note != "wet" || moves[0].By != clerk.Owner() || moves[0].OnHand != 3 || moves[1].Delta != 5 {
		t.Errorf("ledger %+v, %v", moves, err)
	}
	_, err = w.shop.Inventory.Movements(t.Context(), core.ListMovements{By: clerk, SKU: "NOPE"})
	mustFail[fault.Resource](t, err, fault.NotFound, "not_found")
	low, err := w.shop.Inventory.Browse(t.Context(), core.BrowseStock{By: clerk, Browse: inventory.Browse{Below: 2, Limit: 1}})
	if err != nil || len(low.Levels) != 1 || low.Levels[0].SKU != "TEE" || low.Levels[0].Available() != 1 || low.Next == nil || low.Total != -1 {
		t.Errorf("low %+v, %v", low, err)
	}
	for _, ask := range []func(account.Actor) error{
		func(by account.Actor) error {
			_, err := w.shop.Inventory.Levels(t.Context(), core.ShowLevels{By: by})
			return err
		},
		func(by account.Actor) error {
			_, err := w.shop.Inventory.Browse(t.Context(), core.BrowseStock{By: by})
			return err
		},
		func(by account.Actor) error {
			_, err := w.shop.Inventory.Movements(t.Context(), core.ListMovements{By: by, SKU: "TEE"})
			return err
		},
	} {
		mustFail[any](t, ask(operator), fault.Denied, "permission_denied")
	}
	w.audit()
}

// A server dies before or after each step of an adjustment; asked again under its
// key, it is made once.
func TestInventory_Adjust_AskedAgain(t *testing.T) {
	t.Parallel()
	for n, died := 1, true; died; n++ {
		w := openTill(t)
		w.sell("TEE", 1500, 5)
		ask := func(key string, delta int) (core.StockChanged, error) {
			return w.shop.Inventory.Adjust(t.Context(), core.AdjustStock{By: shopkeeper, SKU: "tee", Delta: delta, Reason: inventory.Received, Key: key})
		}
		died = w.dying(n, func() { _, _ = ask("k", 2) })
		first, err := ask("k", 2)
		if err != nil || first.OnHand != 7 || first.SKU != "TEE" || first.Delta != 2 {
			t.Fatalf("killed at step %d, asked again: %+v, %v", n, first, err)
		}
		if again, err := ask("k", 2); err != nil || again.Movement != first.Movement || again.Level != first.Level {
			t.Errorf("told %+v and then %+v, %v", first, again, err)
		}
		for _, key := range []string{"l", "", ""} { // others
			if _, err := ask(key, 1); err != nil {
				t.Fatal(err)
			}
		}
		w.mustHave("TEE", 10, 0)
		w.audit()
		if n > 10 {
			t.Fatal("there is no end to it")
		}
	}
}

func TestInventory_ApplyJob(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 5)
	made := func(p job.AdjustmentPayload) job.Envelope {
		return job.New(id.Job{UUID: w.ids.New()}, job.AdjustInventory, p, w.clock(), "")
	}
	j := made(job.AdjustmentPayload{SKU: "tee", Delta: 2, Reason: "return", Reference: "rma-1"})
	for range 3 {
		if err := w.shop.Inventory.ApplyJob(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	w.mustHave("TEE", 7, 0)
	moves, err := w.shop.Inventory.Movements(t.Context(), core.ListMovements{By: shopkeeper, SKU: "TEE", Limit: 1})
	if err != nil || moves[0].Reference != "rma-1" || moves[0].Reason != inventory.Returned {
		t.Errorf("ledger %+v, %v", moves, err)
	}
	for name, c := range map[string]struct {
		payload job.AdjustmentPayload
		kind    fault.Kind
	}{
		"UnknownSKU":    {job.AdjustmentPayload{SKU: "NOPE", Delta: 1}, fault.NotFound},
		"BelowReserved": {job.AdjustmentPayload{SKU: "TEE", Delta: -8}, fault.Exhausted},
		"OddReason":     {job.AdjustmentPayload{SKU: "TEE", Delta: 1, Reason: "sale"}, fault.Invalid},
		"NoDelta":       {job.AdjustmentPayload{SKU: "TEE"}, fault.Invalid},
	} {
		if err := w.shop.Inventory.ApplyJob(t.Context(), made(c.payload)); !fault.Is(err, c.kind) {
			t.Errorf("%s: got %v, want %s", name, err, c.kind)
		}
	}
	broken := made(job.AdjustmentPayload{})
	broken.Payload = []byte(`{"sku": 5}`)
	if err := w.shop.Inventory.ApplyJob(t.Context(), broken); !fault.Is(err, fault.Malformed) {
		t.Errorf("got %v", err)
	}
	w.mustHave("TEE", 7, 0)
	w.audit()
}

// The index hears when a product goes in or out of stock, and of nothing else.
func TestInventory_FlipsAreIndexed(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	flips := func(what string, want int) {
		t.Helper()
		if n := w.work()[job.IndexProduct]; n != want {
			t.Errorf("%s: %d index jobs, want %d", what, n, want)
		}
	}
	w.sell("TEE", 1500, 2)
	flips("received", 1)
	if _, err := w.shop.Inventory.Receive(t.Context(), core.ReceiveStock{By: shopkeeper, SKU: "TEE", Quantity: 1}); err != nil {
		t.Fatal(err)
	}
	flips("received more", 0)
	w.enter(want{"TEE", 1}).buy()
	flips("sold one of three", 0)
	last := w.enter(want{"TEE", 2}).buy()
	flips("sold the last", 1)
	if _, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: operator, Order: last.ID}); err != nil {
		t.Fatal(err)
	}
	flips("cancelled", 1)
	s := w.enter(want{"TEE", 2})
	if _, err := s.pay("k1", sandbox.TokenDeclined); fault.CodeOf(err) != "payment_declined" {
		t.Fatal(err)
	}
	flips("declined: out and in again", 2)
	if _, err := s.pay("k2", sandbox.TokenRequiresAction); err != nil {
		t.Fatal(err)
	}
	flips("held", 1)
	w.pass(11 * time.Minute)
	if _, err := w.shop.Checkout.Expire(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	flips("expired", 1)
	p, err := s.pay("k3", sandbox.TokenTimeout)
	if err != nil {
		t.Fatal(err)
	}
	flips("held", 1)
	w.loseReservation(p.ID)
	w.pass(time.Minute)
	if _, err := w.shop.Payments.Reconcile(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	flips("taken again", 1)
	w.audit()
}

func TestKeys(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	by := account.Key("desk", account.Everything)
	claim := core.ClaimKey{By: by, Operation: "refund", Key: "k", Fingerprint: [32]byte{1}}
	if answer, err := w.shop.Keys.Claim(t.Context(), claim); answer != nil || err != nil {
		t.Fatalf("got %v, %v", answer, err)
	}
	_, err := w.shop.Keys.Claim(t.Context(), claim)
	mustFail[any](t, err, fault.Conflict, "idempotency_in_progress")
	if err := w.shop.Keys.Release(t.Context(), core.ReleaseKey{By: by, Operation: "refund", Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if answer, err := w.shop.Keys.Claim(t.Context(), claim); answer != nil || err != nil {
		t.Fatalf("got %v, %v", answer, err)
	}
	w.pass(61 * time.Second) // the holder died
	if answer, err := w.shop.Keys.Claim(t.Context(), claim); answer != nil || err != nil {
		t.Fatalf("got %v, %v", answer, err)
	}
	told := ports.Answer{Status: 201, Header: map[string]string{"Location": "/x"}, Body: []byte("{}")}
	if _, err := w.shop.Keys.Remember(t.Context(), core.RememberAnswer{By: by, Operation: "refund", Key: "k", Answer: told}); err != nil {
		t.Fatal(err)
	}
	if answer, err := w.shop.Keys.Claim(t.Context(), claim); err != nil || !reflect.DeepEqual(*answer, told) {
		t.Errorf("got %+v, %v", answer, err)
	}
	claim.Fingerprint = [32]byte{2}
	_, err = w.shop.Keys.Claim(t.Context(), claim)
	mustFail[any](t, err, fault.Invalid, "idempotency_key_reused")
	claim.Operation = "capture"
	if answer, err := w.shop.Keys.Claim(t.Context(), claim); answer != nil || err != nil {
		t.Errorf("another operation: %v, %v", answer, err)
	}
	w.pass(73 * time.Hour)
	if n, err := w.shop.Keys.DropOld(t.Context(), 10); n != 2 || err != nil {
		t.Errorf("dropped %d, %v", n, err)
	}
}
