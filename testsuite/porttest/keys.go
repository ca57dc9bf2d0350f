package porttest

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// TestKeys is the contract of Keys and KeyWriter.
func TestKeys(t *testing.T, h OrderHarness) {
	t.Parallel()

	const lease = time.Minute
	ref := ports.KeyRef{Owner: "guest:1", Operation: "checkout", Key: "k-1"}
	claim := func(w *orderWorld, k ports.KeyRef, asked string, after time.Duration) ports.Claimed {
		w.t.Helper()
		got, err := w.store.Keys.Claim(w.t.Context(), ports.Claim{
			KeyRef: k, Fingerprint: sha256.Sum256([]byte(asked)), Now: w.now.Add(after), Lease: lease,
		})
		if err != nil {
			w.t.Fatal(err)
		}
		return got
	}
	mustBe := func(t *testing.T, got ports.Claimed, want ports.ClaimState) {
		t.Helper()
		if got.State != want {
			t.Fatalf("claimed %+v, want state %d", got, want)
		}
	}
	attach := func(w *orderWorld, o id.Order) {
		w.t.Helper()
		w.inTx(func(tx ports.OrderTx) error { return tx.Keys.Attach(w.t.Context(), ref, o) })
	}
	settle := func(w *orderWorld, o id.Order, outcome string) {
		w.t.Helper()
		w.inTx(func(tx ports.OrderTx) error { return tx.Keys.Settle(w.t.Context(), ref, o, []byte(outcome)) })
	}
	answer := ports.Answer{
		Status: 201, Header: map[string]string{"Content-Type": "application/json", "ETag": `"1"`}, Body: []byte("{\"a\":  1,\r\n\"b\":\"\x00ü\"}\n"),
	}

	t.Run("NewThenInProgress", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		mustSame(t, "first", claim(w, ref, "a", 0), nil, ports.Claimed{State: ports.ClaimNew})
		mustBe(t, claim(w, ref, "a", 0), ports.ClaimInProgress)
		mustBe(t, claim(w, ref, "a", lease-time.Microsecond), ports.ClaimInProgress)
	})

	t.Run("ACartIsReadAlong", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		asked := ports.Claim{KeyRef: ref, Fingerprint: sha256.Sum256([]byte("a")), Now: w.now, Lease: lease, Cart: w.cart().ID}
		_, err := w.store.Keys.Claim(t.Context(), asked)
		mustFail(t, err, fault.NotFound, "not_found")
		mustBe(t, claim(w, ref, "b", 0), ports.ClaimNew) // nobody held it
		if err := w.store.Keys.Release(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		want := w.insertCart(w.cart())
		asked.Cart = want.ID
		for _, state := range []ports.ClaimState{ports.ClaimNew, ports.ClaimInProgress} {
			got, err := w.store.Keys.Claim(t.Context(), asked)
			mustSame(t, "claimed", got, err, ports.Claimed{State: state, Cart: want})
		}
		o := w.orderID()
		settle(w, o, "done")
		got, err := w.store.Keys.Claim(t.Context(), asked)
		mustSame(t, "finished", got, err, ports.Claimed{State: ports.ClaimFinished, Cart: want, Order: o, Outcome: []byte("done")})
	})

	t.Run("OwnerOperationAndKeyTellApart", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		for _, k := range []ports.KeyRef{
			ref,
			{Owner: "guest:2", Operation: "checkout", Key: "k-1"},
			{Owner: "guest:1", Operation: "refund", Key: "k-1"},
			{Owner: "guest:1", Operation: "checkout", Key: "K-1"},
		} {
			mustBe(t, claim(w, k, "a", 0), ports.ClaimNew)
		}
	})

	t.Run("AnotherFingerprintIsAnotherRequest", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		claim(w, ref, "a", 0)
		mustBe(t, claim(w, ref, "b", 0), ports.ClaimOther)
		mustBe(t, claim(w, ref, "b", 2*lease), ports.ClaimOther)
		settle(w, w.orderID(), "done")
		mustBe(t, claim(w, ref, "b", 0), ports.ClaimOther)
		mustBe(t, claim(w, ref, "a", 0), ports.ClaimFinished)
	})

	t.Run("ALeaseThatRanOutIsTakenOver", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		o := w.orderID()
		claim(w, ref, "a", 0)
		attach(w, o)
		mustSame(t, "taken over", claim(w, ref, "a", lease), nil, ports.Claimed{State: ports.ClaimContinued, Order: o})
		mustBe(t, claim(w, ref, "a", lease+time.Second), ports.ClaimInProgress)
		mustBe(t, claim(w, ref, "a", 2*lease), ports.ClaimContinued)
	})

	t.Run("AReleasedKeyGoesOnAtOnce", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		o := w.orderID()
		claim(w, ref, "a", 0)
		attach(w, o)
		if err := w.store.Keys.Release(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		mustSame(t, "continued", claim(w, ref, "a", 0), nil, ports.Claimed{State: ports.ClaimContinued, Order: o})
		settle(w, o, "done")
		if err := w.store.Keys.Release(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		mustBe(t, claim(w, ref, "a", 0), ports.ClaimFinished)
	})

	t.Run("AReleasedKeyThatGotNowhereIsForgotten", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		claim(w, ref, "a", 0)
		if err := w.store.Keys.Release(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		mustBe(t, claim(w, ref, "b", 0), ports.ClaimNew)
		attach(w, w.orderID())
		if err := w.store.Keys.Release(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		mustBe(t, claim(w, ref, "a", 0), ports.ClaimOther)
	})

	t.Run("SettledIsFinishedOnce", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		o := w.orderID()
		claim(w, ref, "a", 0)
		settle(w, o, "first")
		settle(w, w.orderID(), "second")
		attach(w, w.orderID())
		want := ports.Claimed{State: ports.ClaimFinished, Order: o, Outcome: []byte("first")}
		mustSame(t, "at once", claim(w, ref, "a", 0), nil, want)
		mustSame(t, "after the lease", claim(w, ref, "a", 2*lease), nil, want)
	})

	t.Run("SettlesWithItsTransactionOnly", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		claim(w, ref, "a", 0)
		stop := errors.New("stop")
		if err := w.try(func(tx ports.OrderTx) error {
			if err := tx.Keys.Settle(t.Context(), ref, w.orderID(), []byte("never")); err != nil {
				return err
			}
			return stop
		}); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		mustSame(t, "still held", claim(w, ref, "a", lease), nil, ports.Claimed{State: ports.ClaimContinued})
	})

	t.Run("WhoeverEndsAnOrderSettlesItsKey", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		o := w.orderID()
		claim(w, ref, "a", 0)
		attach(w, o)
		for _, outcome := range []string{"confirmed", "too late"} {
			w.inTx(func(tx ports.OrderTx) error { return tx.Keys.SettleOrder(t.Context(), o, []byte(outcome)) })
		}
		mustSame(t, "settled", claim(w, ref, "a", 0), nil, ports.Claimed{State: ports.ClaimFinished, Order: o, Outcome: []byte("confirmed")})
		w.inTx(func(tx ports.OrderTx) error { return tx.Keys.SettleOrder(t.Context(), w.orderID(), []byte("nobody's")) })
	})

	t.Run("RemembersTheFirstAnswerByteForByte", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		o := w.orderID()
		claim(w, ref, "a", 0)
		settle(w, o, "done")
		for _, a := range []ports.Answer{answer, {Status: 500, Header: map[string]string{}, Body: []byte("another")}} {
			got, err := w.store.Keys.Remember(t.Context(), ref, a)
			mustSame(t, "in force", got, err, answer)
		}
		mustSame(t, "replayed", claim(w, ref, "a", 0), nil, ports.Claimed{State: ports.ClaimFinished, Order: o, Outcome: []byte("done"), Answer: &answer})
	})

	t.Run("AnAnswerFinishesAHeldKey", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		claim(w, ref, "a", 0)
		empty := ports.Answer{Status: 204, Header: map[string]string{}, Body: []byte{}}
		got, err := w.store.Keys.Remember(t.Context(), ref, empty)
		mustSame(t, "in force", got, err, empty)
		mustSame(t, "replayed", claim(w, ref, "a", 2*lease), nil, ports.Claimed{State: ports.ClaimFinished, Answer: &empty})
		if err := w.store.Keys.Release(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		mustBe(t, claim(w, ref, "a", 2*lease), ports.ClaimFinished)
	})

	t.Run("OneOfTenClaimsAndOneAnswerWins", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		states := make([]ports.Claimed, 10)
		answers := make([]ports.Answer, 10)
		errs := together(10, func(i int) (err error) {
			states[i], err = w.store.Keys.Claim(t.Context(), ports.Claim{KeyRef: ref, Now: w.now, Lease: lease})
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		won := 0
		for _, s := range states {
			if s.State == ports.ClaimNew {
				won++
			} else {
				mustBe(t, s, ports.ClaimInProgress)
			}
		}
		if won != 1 {
			t.Errorf("%d of ten hold the key", won)
		}
		errs = together(10, func(i int) (err error) {
			answers[i], err = w.store.Keys.Remember(t.Context(), ref, ports.Answer{Status: 200 + i, Header: map[string]string{}, Body: []byte{byte(i)}})
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for _, a := range answers {
			mustSame(t, "answer", a, nil, answers[0])
		}
	})

	t.Run("KeysThatAreNotThere", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		settle(w, w.orderID(), "ignored")
		if err := w.store.Keys.Release(t.Context(), ref); err != nil {
			t.Errorf("release: %v", err)
		}
		_, err := w.store.Keys.Remember(t.Context(), ref, answer)
		mustFail(t, err, fault.NotFound, "not_found")
		mustFail(t, w.try(func(tx ports.OrderTx) error { return tx.Keys.Attach(t.Context(), ref, w.orderID()) }), fault.NotFound, "not_found")
		mustBe(t, claim(w, ref, "a", 0), ports.ClaimNew)
	})

	t.Run("OldKeysAreDropped", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		for _, k := range []string{"1", "2", "3"} {
			claim(w, ports.KeyRef{Owner: "o", Operation: "p", Key: k}, "a", -time.Hour)
		}
		claim(w, ref, "a", 0)
		for _, want := range []int{2, 1, 0} {
			n, err := w.store.Expired.DropOldKeys(t.Context(), w.now, 2)
			if err != nil || n != want {
				t.Fatalf("dropped %d, %v, want %d", n, err, want)
			}
		}
		mustBe(t, claim(w, ref, "a", 0), ports.ClaimInProgress)
		mustBe(t, claim(w, ports.KeyRef{Owner: "o", Operation: "p", Key: "1"}, "a", 0), ports.ClaimNew)
	})
}
