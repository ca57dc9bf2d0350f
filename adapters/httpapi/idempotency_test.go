package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// drawer keeps idempotency keys as ports.Keys says.
type drawer struct {
	mu     sync.Mutex
	keys   map[ports.KeyRef]*kept
	claims int
	broken error // of Remember
}

type kept struct {
	fingerprint [32]byte
	until       time.Time
	answer      *ports.Answer
}

func (d *drawer) Claim(_ context.Context, c ports.Claim) (ports.Claimed, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.claims++
	if d.keys == nil {
		d.keys = map[ports.KeyRef]*kept{}
	}
	k := d.keys[c.KeyRef]
	switch {
	case k == nil:
		d.keys[c.KeyRef] = &kept{fingerprint: c.Fingerprint, until: c.Now.Add(c.Lease)}
		return ports.Claimed{State: ports.ClaimNew}, nil
	case k.fingerprint != c.Fingerprint:
		return ports.Claimed{State: ports.ClaimOther}, nil
	case k.answer != nil:
		return ports.Claimed{State: ports.ClaimFinished, Answer: k.answer}, nil
	case c.Now.Before(k.until):
		return ports.Claimed{State: ports.ClaimInProgress}, nil
	}
	k.until = c.Now.Add(c.Lease)
	return ports.Claimed{State: ports.ClaimContinued}, nil
}

func (d *drawer) Remember(_ context.Context, k ports.KeyRef, a ports.Answer) (ports.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return ports.Answer{}, d.broken
	}
	if d.keys[k].answer == nil {
		d.keys[k].answer = &a
	}
	return *d.keys[k].answer, nil
}

func (d *drawer) Release(ctx context.Context, k ports.KeyRef) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if d.keys[k].answer == nil {
		delete(d.keys, k)
	}
	return nil
}

func TestIdempotency_TheSameKeyRepeatsTheAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{Keys: &drawer{}, Secrets: [][]byte{[]byte("k")}})
	post := func(body, key string) got {
		t.Helper()
		return d.do("POST", "/notes", body, "Authorization", "Bearer root-key", "Idempotency-Key", key)
	}
	first := post(`{"text":"a","lines":[{"sku":"x","quantity":1}]}`, "one").ok(201)
	if first.header.Get("Idempotent-Replayed") != "" || first.header.Get("X-Consistency-Token") == "" {
		t.Errorf("the first answer has %v", first.header)
	}
	again := post(` {"lines": [{"quantity": 1, "sku": "x"}], "text": "a"} `, `"one"`).ok(201)
	if again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" || d.calls != 1 {
		t.Errorf("after %d calls the second answer is %s %v", d.calls, again.body, again.header)
	}
	for _, name := range []string{"Location", "ETag", "Content-Type"} {
		if first.header.Get(name) == "" || again.header.Get(name) != first.header.Get(name) {
			t.Errorf("%s is %q, then %q", name, first.header.Get(name), again.header.Get(name))
		}
	}
	post(`{"text":"b"}`, "one").problem(422, "idempotency_key_reused")
	if other := post(`{"text":"b"}`, "two").ok(201); other.body == first.body || d.calls != 2 {
		t.Errorf("another key repeats the answer")
	}
	// Another owner's key is another key.
	d.do("POST", "/notes", `{"text":"b"}`, "X-Cart-Token", "t", "Idempotency-Key", "one").ok(201)
	d.do("POST", "/notes", `{"text":"c"}`, "X-Cart-Token", "u", "Idempotency-Key", "one").ok(201)
	if d.calls != 4 {
		t.Errorf("%d calls", d.calls)
	}
	// Without an owner the key means nothing.
	d.do("POST", "/notes", `{"text":"b"}`, "Idempotency-Key", "three").ok(201)
	d.do("POST", "/notes", `{"text":"c"}`, "Idempotency-Key", "three").ok(201)
	if d.calls != 6 {
		t.Errorf("%d calls", d.calls)
	}
}

func TestIdempotency_OnlyFinalAnswersEndTheKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err   error
		code  string
		final bool
	}{
		{fault.New(fault.Declined, "", ""), "payment_declined", true},
		{fault.New(fault.Exhausted, "out_of_stock", ""), "out_of_stock", true},
		{fault.New(fault.Conflict, "price_changed", ""), "price_changed", true},
		{fault.New(fault.Exhausted, "coupon_exhausted", ""), "coupon_exhausted", true},
		{fault.New(fault.Conflict, "cart_already_ordered", ""), "cart_already_ordered", true},
		{fault.New(fault.Conflict, "cart_locked", ""), "cart_locked", false},
		{fault.Missing("cart"), "not_found", false},
		{fault.InvalidField("text", "pattern", "no"), "validation_failed", false},
		{fault.New(fault.Unavailable, "payment_unavailable", ""), "payment_unavailable", false},
		{errors.New("bug"), "internal", false},
		{context.Canceled, "unavailable", false},
	} {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, Options{Keys: &drawer{}})
			d.err = c.err
			ask := func() got {
				return d.do("POST", "/notes", `{"text":"a"}`, "X-Cart-Token", "t", "Idempotency-Key", "k")
			}
			first := ask()
			if !strings.Contains(first.body, c.code) {
				t.Fatalf("answered %s", first.body)
			}
			d.err = nil
			switch second := ask(); {
			case c.final && (second.body != first.body || second.status != first.status || second.header.Get("Content-Type") != problemType || d.calls != 1):
				t.Errorf("after %d calls repeated as %d %s", d.calls, second.status, second.body)
			case !c.final && (second.status != 201 || d.calls != 2):
				t.Errorf("after %d calls answered %d %s", d.calls, second.status, second.body)
			}
		})
	}
}

func TestIdempotency_InProgressAndCrashed(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	d := newDesk(t, Options{Keys: &drawer{}, Now: func() time.Time { return now }})
	ask := func() got {
		return d.do("POST", "/notes", `{"text":"a"}`, "X-Cart-Token", "t", "Idempotency-Key", "k")
	}
	d.panics = "crash"
	ask().problem(500, "internal")
	d.panics = ""
	g := ask()
	g.problem(409, "idempotency_in_progress")
	if g.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After")
	}
	now = now.Add(keyLease + time.Second)
	ask().ok(201)
}

func TestIdempotency_AnswerThatCannotBeStoredIsStillGiven(t *testing.T) {
	t.Parallel()
	keys := &drawer{broken: errors.New("disk full")}
	d := newDesk(t, Options{Keys: keys})
	d.do("POST", "/notes", `{"text":"a"}`, "X-Cart-Token", "t", "Idempotency-Key", "k").ok(201)
	if !strings.Contains(d.log.String(), "disk full") {
		t.Errorf("nothing is logged")
	}
}

func TestIdempotency_RequiredKeys(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{Keys: &drawer{}})
	send := func(headers ...string) got {
		return d.do("POST", "/notes/a/send", `{"cart_id":"c"}`, append(headers, "X-Cart-Token", "t")...)
	}
	send().problem(http.StatusBadRequest, "idempotency_key_missing")
	if d.calls != 0 {
		t.Errorf("the operation ran")
	}
	send("Idempotency-Key", "k").ok(204)
	if g := send("Idempotency-Key", "k").ok(204); g.header.Get("Idempotent-Replayed") != "true" || d.calls != 1 {
		t.Errorf("after %d calls: %v", d.calls, g.header)
	}
	// The path is part of what was asked.
	d.do("POST", "/notes/b/send", `{"cart_id":"c"}`, "X-Cart-Token", "t", "Idempotency-Key", "k").problem(422, "idempotency_key_reused")
}

func TestIdempotency_TheVerbMayClaimTheKeyItself(t *testing.T) {
	t.Parallel()
	keys := &drawer{}
	d := newDesk(t, Options{Keys: keys})
	register(d.edge, operation{ID: "place", Method: "POST", Path: "/place", Summary: "Place", Key: keyOfVerb, Status: 201},
		func(ctx context.Context, _ *struct{ Body struct{} }) (*reply[Note], error) {
			ref, print := claimed(ctx)
			c, err := keys.Claim(ctx, ports.Claim{KeyRef: ref, Fingerprint: print, Now: time.Now(), Lease: time.Minute})
			if err != nil {
				return nil, err
			}
			exchangeOf(ctx).Header().Set("X-Order-Token", "made anew")
			if c.Answer != nil {
				return &reply[Note]{Replayed: c.Answer}, nil
			}
			if err := d.called(ctx); err != nil {
				return nil, err
			}
			return &reply[Note]{Body: Note{ID: "p", Lines: []NoteLine{}}, Location: "/places/p"}, nil
		})
	place := func() got {
		return d.do("POST", "/place", `{}`, "X-Cart-Token", "t", "Idempotency-Key", "k").ok(201)
	}
	first, again := place(), place()
	if again.body != first.body || d.calls != 1 || keys.claims != 2 || again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("Location") != "/places/p" {
		t.Errorf("after %d calls and %d claims: %s %v", d.calls, keys.claims, again.body, again.header)
	}
	if first.header.Get("X-Order-Token") == "" || again.header.Get("X-Order-Token") == "" {
		t.Errorf("no token: %v, %v", first.header, again.header)
	}
	for _, k := range keys.keys {
		if k.answer.Header["X-Order-Token"] != "" {
			t.Errorf("the token was stored")
		}
	}
}

func TestIdempotencyKey_Forms(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 255)
	for header, want := range map[string]string{
		"a": "a", `"a"`: "a", `"a b"`: "a b", "a b": "a b", `"a\"b\\c"`: `a"b\c`, long: long, `"` + long + `"`: long, `a"b`: `a"b`,
	} {
		if got, err := keyOf(http.Header{"Idempotency-Key": {header}}); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", header, got, err, want)
		}
	}
	for _, bad := range [][]string{{""}, {`""`}, {`"a`}, {`"`}, {`"a"b`}, {`"a\`}, {`"a\n"`}, {long + "k"}, {"ü"}, {"a\tb"}, {"a\x7f"}, {"a", "b"}} {
		_, err := keyOf(http.Header{"Idempotency-Key": bad})
		if p, ok := errors.AsType[*Problem](err); !ok || p.Code != "idempotency_key_invalid" || p.Status != 400 {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzIdempotencyKey(f *testing.F) {
	f.Add("a")
	f.Add(`"a\"b"`)
	f.Fuzz(func(t *testing.T, header string) {
		key, err := keyOf(http.Header{"Idempotency-Key": {header}})
		if err != nil {
			return
		}
		if key == "" || len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q was read as %q", header, key)
		}
	})
}

func TestShop_EveryPostOfAKnownOwnerTakesAKey(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	b := c.basket("CUP", 1)
	for name, ask := range map[string]func(path, key string) got{
		"AQuote": func(country, key string) got {
			return b.do("POST", "/v1/checkout/quote", `{"cart_id":"`+b.id+`","shipping_address":{"country":"`+country+`"}}`, "Idempotency-Key", key)
		},
		"ABrand": func(name, key string) got {
			return c.admin("POST", "/v1/admin/brands", `{"name":"`+name+`"}`, "Idempotency-Key", key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			first := ask("DE", "k")
			if again := ask("DE", "k"); first.status >= 300 || again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("got %d %s %v", again.status, again.body, again.header)
			}
			ask("FR", "k").problem(422, "idempotency_key_reused")
			ask("", "l").problem(422, "validation_failed")
			if other := ask("FR", "l"); other.status >= 300 { // what was refused left nothing behind
				t.Errorf("got %d %s", other.status, other.body)
			}
		})
	}
	if one, two := c.do("POST", "/v1/carts", "", "X-Cart-Token", b.token, "Idempotency-Key", "k"), c.do("POST", "/v1/carts", "", "X-Cart-Token", b.token, "Idempotency-Key", "k"); one.body == two.body {
		t.Errorf("a token was kept: %s", two.body)
	}
}
