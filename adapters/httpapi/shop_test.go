package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/imaging"
	"github.com/bodega-commerce/bodega/adapters/jobs"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

const rootKey = "root-key"

// counter is a shop on the embedded adapters, over HTTP.
type counter struct {
	*desk
	shop *core.Shop
	db   *sqlite.DB
	keys map[string]account.Actor // who shows which API key
}

// setup is what a test may change about its shop.
type setup struct {
	deps    *core.Deps
	options *core.Options
	edge    *Options
}

func newCounter(t testing.TB, changes ...func(setup)) *counter {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	wallet := sandbox.New(filepath.Join(dir, "sandbox.log"))
	wallet.WebhookSecrets = []string{webhookSecret}
	c := &counter{db: db, keys: map[string]account.Actor{rootKey: account.Key("root", account.Everything), "idle-key": account.Key("idle")}}
	deps := core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(), Files: files.Dir(filepath.Join(dir, "media")),
		Mail: files.Mail(filepath.Join(dir, "mail")), Payments: core.Providers{"sandbox": wallet}, Sandbox: wallet, Notifiers: map[string]ports.Notifier{"sandbox": wallet}, Imager: imaging.New(), Trace: TraceID,
	}
	options := core.Options{Secrets: [][]byte{[]byte("signs orders")}, ShippingFlat: 490}
	var working sync.WaitGroup
	work, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(func() { stop(); working.Wait() })
	edge := Options{
		Keys: db.Orders().Keys, Secrets: [][]byte{[]byte("signs tokens")}, MediaURL: "https://shop.example/media",
		DeadJobs: db.Jobs(), Auditor: db, SpoolDir: dir,
		Backup:     func(_ context.Context, to io.Writer) error { _, err := io.WriteString(to, "a tar"); return err },
		Background: func(do func(context.Context)) { working.Go(func() { do(work) }) },
		Authenticate: func(_ context.Context, token string) (account.Actor, error) {
			if actor, ok := c.keys[token]; ok {
				return actor, nil
			}
			return account.Actor{}, fault.New(fault.Unauthenticated, "", "")
		},
	}
	for _, change := range changes {
		change(setup{&deps, &options, &edge})
	}
	if c.shop, err = core.New(deps, &options); err != nil {
		t.Fatal(err)
	}
	log := new(syncBuffer)
	edge.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	c.desk = &desk{edge: newShopAPI(c.shop, edge).edge, t: t}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log:\n%s", log)
		}
	})
	return c
}

// in is the same shop for a test within a test.
func (c *counter) in(t testing.TB) *counter {
	return &counter{desk: &desk{edge: c.edge, t: t}, shop: c.shop, db: c.db, keys: c.keys}
}

// syncBuffer is a buffer that several goroutines write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// worked runs the shop's jobs until the test ends.
func (c *counter) worked() *counter {
	c.t.Helper()
	runner := jobs.New(c.shop, c.db.Jobs())
	runner.Log = slog.New(slog.DiscardHandler)
	ready := make(chan struct{})
	runner.Ready = func() { close(ready) }
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	c.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			c.t.Error(err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		c.t.Fatalf("the jobs ended: %v", err)
	}
	return c
}

// quiet waits until no job is left: what was written is in the index.
func (c *counter) quiet() {
	c.t.Helper()
	soon(c.t, "no job is left", func() bool {
		all, err := c.db.Jobs().Backlogs(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		return !slices.ContainsFunc(all, func(b ports.Backlog) bool { return b.Ready+b.Held > 0 })
	})
}

// admin sends a request with the key that may do everything.
func (c *counter) admin(method, target, body string, headers ...string) got {
	c.t.Helper()
	return c.do(method, target, body, append(headers, "Authorization", "Bearer "+rootKey)...)
}

// read decodes an answer, which has been held against the document.
func read[T any](g got) T {
	g.t.Helper()
	var v T
	if err := json.Unmarshal([]byte(g.body), &v); err != nil {
		g.t.Fatalf("%s: %v", g.body, err)
	}
	return v
}

// soon waits for something the shop does by itself.
func soon(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// product puts a product on sale that has one variant of this SKU.
func (c *counter) product(sku string, price, stock int) AdminProduct {
	c.t.Helper()
	p := read[AdminProduct](c.admin("POST", "/v1/admin/products", fmt.Sprintf(
		`{"name":"Product %s","slug":%q,"status":"active","base_price":{"amount":%d,"currency":"EUR"},"variants":[{"sku":%q}]}`,
		sku, strings.ToLower(sku), price, sku)).ok(201))
	if stock > 0 {
		c.stock(sku, stock)
	}
	return p
}

func (c *counter) stock(sku string, delta int) {
	c.t.Helper()
	c.admin("POST", "/v1/admin/variants/"+sku+"/stock-adjustments", fmt.Sprintf(`{"delta":%d,"reason":"received"}`, delta),
		"Idempotency-Key", fmt.Sprint(time.Now().UnixNano())).ok(201)
}

// basket is a guest's cart.
type basket struct {
	c         *counter
	id, token string
}

// basket opens a cart with so many of each SKU: sku, quantity, …
func (c *counter) basket(lines ...any) basket {
	c.t.Helper()
	made := read[Cart](c.do("POST", "/v1/carts", "").ok(201))
	b := basket{c, made.ID, made.Token}
	for i := 0; i < len(lines); i += 2 {
		b.set(lines[i].(string), lines[i+1].(int)).ok(200)
	}
	return b
}

func (b basket) do(method, target, body string, headers ...string) got {
	b.c.t.Helper()
	return b.c.do(method, target, body, append(headers, "X-Cart-Token", b.token)...)
}

func (b basket) set(sku string, quantity int) got {
	b.c.t.Helper()
	return b.do("PUT", "/v1/carts/"+b.id+"/lines/"+sku, fmt.Sprintf(`{"quantity":%d}`, quantity))
}

func (b basket) show() Cart {
	b.c.t.Helper()
	return read[Cart](b.do("GET", "/v1/carts/"+b.id, "").ok(200))
}

const address = `{"first_name":"Ada","last_name":"Tester","line1":"Teststraße 1","city":"Berlin","postal_code":"10115","country":"DE"}`

func (b basket) quote() Quote {
	b.c.t.Helper()
	return read[Quote](b.do("POST", "/v1/checkout/quote", `{"cart_id":"`+b.id+`","shipping_address":{"country":"DE"}}`).ok(200))
}

// checkout orders the cart for a total.
func (b basket) checkout(key, token string, total int64) got {
	b.c.t.Helper()
	return b.do("POST", "/v1/checkout", fmt.Sprintf(
		`{"cart_id":%q,"email":"Ada@Example.com","shipping_address":%s,"payment":{"provider":"sandbox","token":%q},"expected_total":{"amount":%d,"currency":"EUR"}}`,
		b.id, address, token, total), "Idempotency-Key", key)
}
