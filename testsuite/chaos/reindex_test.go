package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/expect"
)

// rebuildTime bounds a rebuild, with the two minutes for which a program that
// died counts as building.
const rebuildTime = 10 * time.Minute

// TestKillReindex kills `bodega reindex` in the middle while products are
// written: the old index goes on to answer, the next program that may goes on
// where the dead one stopped, and in the end the index is as one made from the
// quiet store, and there is no other.
//
// The short form takes the two minutes of silence from what the dead program left
// in the database; the long form waits for them once, too.
func TestKillReindex(t *testing.T) {
	t.Parallel()
	x := newRebuilds(t)
	for range min(rounds(t, 1), 5) {
		x.dieAndGoOn(true)
	}
	if os.Getenv("CHAOS_ROUNDS") != "" {
		x.dieAndGoOn(false)
	}
	x.server.mustBeSound()
}

// variantsOfRebuilds are in the shop: some batches of products.
const variantsOfRebuilds = 4500

// rebuilds is a shop whose index is built anew.
type rebuilds struct {
	*fleet
	server         *server
	shopper, admin *client
	engine         *client // Elasticsearch itself
	prefix         string
	totals         map[string]int // how many products a search finds, whatever is written

	mu    sync.Mutex
	wants map[string]int64 // prices by SKU, 0: deleted
	made  int
}

func newRebuilds(t *testing.T) *rebuilds {
	t.Helper()
	f := newFleet(t)
	engine, prefix, _ := strings.Cut(f.setting("BODEGA_SEARCH_URL"), "?prefix=")
	x := &rebuilds{fleet: f, server: f.serve(currentPrograms(t), containers.Address(t)), prefix: prefix, wants: map[string]int64{}}
	x.engine = &client{http: &http.Client{Timeout: requestTime, Transport: &http.Transport{DisableKeepAlives: true}}, url: engine} // it outlives the test
	x.shopper, x.admin = x.server.anyone(), x.server.admin()
	var content bytes.Buffer
	if err := feed(&content, variantsOfRebuilds); err != nil {
		t.Fatal(err)
	}
	if r := x.server.finished(x.server.upload(content.Bytes())); r.Status != "succeeded" || r.Created != variantsOfRebuilds {
		t.Fatalf("the import: %+v", r)
	}
	x.await("the shop has built its first index", func() bool { return x.rebuilt().Status == "succeeded" })
	x.server.settle(rebuildTime)
	x.totals = map[string]int{"/v1/search?q=ultimate": 0, "/v1/search?brand=brand-5": 0, "/v1/search?category=leaf-17": 0}
	for path := range x.totals {
		x.await(path+" finds something", func() bool {
			var found found
			x.shopper.must(t, http.MethodGet, path, nil, &found)
			x.totals[path] = found.Total
			return found.Total > 0 && !found.Degraded
		})
	}
	return x
}

type found struct {
	Total    int
	Degraded bool
}

// await waits for something that may take as long as a rebuild.
func (x *rebuilds) await(what string, holds func() bool) {
	x.t.Helper()
	for deadline := time.Now().Add(rebuildTime); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			x.t.Fatalf("after %s it is still not so that %s: %+v", rebuildTime, what, x.rebuilt())
		}
	}
}

// rebuilt is what the shop tells of the last rebuild.
type rebuilt struct {
	Status          string
	Products, Total int
	Checked         int
	TakenUp         int `json:"taken_up"`
	Failure         *string
}

func (x *rebuilds) rebuilt() (r rebuilt) {
	x.t.Helper()
	x.admin.must(x.t, http.MethodGet, "/v1/admin/search/reindex", nil, &r)
	return r
}

func (x *rebuilds) dieAndGoOn(lapsed bool) {
	x.t.Helper()
	indices := x.indices()
	old := x.behind(x.prefix)
	searchers, writers := people(x.t, 2, x.search), people(x.t, 2, x.write)

	died := x.kill()
	searchers.goOn(x.t, 10)
	if now := x.behind(x.prefix); !slices.Equal(now, old) {
		x.t.Errorf("after the kill %v answers, before it was %v", now, old)
	}
	if lapsed {
		x.lapse()
	}
	writers.goOn(x.t, 10)
	code, said := x.reindex()
	r := x.rebuilt()
	if code != 0 || r.Status != "succeeded" || r.TakenUp == 0 || r.Checked == 0 {
		x.t.Errorf("what %+v left became %+v; exit code %d\n%s", died, r, code, said)
	}
	searchers.goOn(x.t, 10)
	writers.goOn(x.t, 10)
	searchers.end(x.t)
	writers.end(x.t)
	x.server.settle(rebuildTime)

	now := x.behind(x.prefix)
	if len(now) != 1 || slices.Equal(now, old) {
		x.t.Errorf("after the rebuild %v answers, before it was %v", now, old)
	}
	expect.Soon(x.t, "there is no index beside the new one", func() bool {
		want := slices.Sorted(slices.Values(append(slices.DeleteFunc(slices.Clone(indices), func(i string) bool { return slices.Contains(old, i) }), now...)))
		return slices.Equal(x.indices(), want) && slices.Equal(x.behind(x.prefix+"_writing"), now)
	})
	x.mustAgree()
}

// search searches once. Only answers of the index count as a round: on a machine
// that is slow enough the store answers now and then.
func (x *rebuilds) search(ctx context.Context, c *crowd, _ int) {
	for path, total := range x.totals {
		a, err := x.shopper.send(ctx, http.MethodGet, path, nil)
		var got found
		if !c.expect(http.StatusOK, path, a, err) || json.Unmarshal(a.body, &got) != nil {
			continue
		}
		if got.Degraded {
			continue
		}
		if got.Total != total {
			c.expect(0, fmt.Sprintf("%s: %d products, want %d", path, got.Total, total), answer{status: a.status}, nil)
		}
		c.rounds.Add(1)
	}
}

// write changes a price and a name, makes a product, and deletes every other one.
func (x *rebuilds) write(ctx context.Context, c *crowd, _ int) {
	defer c.rounds.Add(1)
	x.mu.Lock()
	x.made++
	n := x.made
	x.mu.Unlock()
	const step = 7919 // a prime, so that it comes to all of them
	sku, price := fmt.Sprintf("V-%06d", n*step%variantsOfRebuilds), int64(10_000+n)
	admin := x.admin.with("If-Match", "*")
	a, err := admin.send(ctx, http.MethodPatch, "/v1/admin/variants/"+sku, encode(map[string]any{"price_override": map[string]any{"amount": price, "currency": "EUR"}}))
	if c.expect(http.StatusOK, "a price", a, err) {
		x.want(sku, price)
	}
	sku = fmt.Sprintf("W-%d", n)
	a, err = x.admin.send(ctx, http.MethodPost, "/v1/admin/products", encode(map[string]any{
		"name": "Widget", "status": "active", "base_price": map[string]any{"amount": price, "currency": "EUR"}, "variants": []any{map[string]any{"sku": sku}},
	}))
	if !c.expect(http.StatusCreated, "a product", a, err) {
		return
	}
	var product struct {
		ID string `json:"product_id"`
	}
	_ = json.Unmarshal(a.body, &product) // the next request fails without
	if n%2 == 0 {
		a, err = admin.send(ctx, http.MethodPatch, "/v1/admin/products/"+product.ID, encode(map[string]any{"name": "Widget again"}))
		if c.expect(http.StatusOK, "a name", a, err) {
			x.want(sku, price)
		}
		return
	}
	a, err = admin.send(ctx, http.MethodDelete, "/v1/admin/products/"+product.ID, nil)
	if c.expect(http.StatusNoContent, "a deletion", a, err) {
		x.want(sku, 0)
	}
}

func (x *rebuilds) want(sku string, price int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.wants[sku] = price
}

// kill starts a rebuild, kills its program in the middle and returns how far it
// had come.
func (x *rebuilds) kill() rebuilt {
	x.t.Helper()
	for range 10 {
		builder := program(x.t, "bodega", x.environ, "reindex")
		var said transcript
		builder.Stdout, builder.Stderr = &said, &said
		if err := builder.Start(); err != nil {
			x.t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			_ = builder.Wait() // it is to be killed
			close(ended)
		}()
		x.await("a rebuild has begun", func() bool {
			select {
			case <-ended:
				return true
			default:
				r := x.rebuilt()
				return r.Status == "running" && r.Products > 0
			}
		})
		_ = builder.Process.Kill() // it may have ended
		<-ended
		if r := x.rebuilt(); r.Status == "running" {
			return r
		}
		x.t.Logf("the rebuild was over before the kill:\n%s", said.tail())
	}
	x.t.Fatal("no rebuild could be killed in the middle")
	return rebuilt{}
}

// lapse lets two minutes pass since the program that builds was last heard of.
func (x *rebuilds) lapse() {
	x.t.Helper()
	db, err := pgx.Connect(x.t.Context(), x.setting("BODEGA_DATABASE_URL"))
	if err != nil {
		x.t.Fatal(err)
	}
	defer db.Close(x.t.Context()) //nolint:errcheck // it has written
	done, err := db.Exec(x.t.Context(), "UPDATE catalog.search_works SET until = until - interval '2 minutes' WHERE name = 'rebuild' AND holder <> ''")
	if err != nil || done.RowsAffected() != 1 {
		x.t.Fatalf("%s, %v", done, err)
	}
}

// reindex runs the operator's tool to its end.
func (x *rebuilds) reindex() (int, string) {
	x.t.Helper()
	return run(x.t, program(x.t, "bodega", x.environ, "reindex"))
}

// behind returns the indices behind an alias.
func (x *rebuilds) behind(alias string) []string {
	x.t.Helper()
	var told map[string]any
	x.engine.must(x.t, http.MethodGet, "/_alias/"+alias, nil, &told)
	return slices.Sorted(maps.Keys(told))
}

// indices returns all that are the shop's.
func (x *rebuilds) indices() []string {
	x.t.Helper()
	var told []struct{ Index string }
	x.engine.must(x.t, http.MethodGet, "/_cat/indices/"+x.prefix+"*?format=json&h=index", nil, &told)
	var names []string
	for _, i := range told {
		names = append(names, i.Index)
	}
	slices.Sort(names)
	return names
}

// held is what the index says of a SKU; the digest is of all of it.
type held struct {
	SKU           string
	Price, Digest int64
}

// held returns what is in the index.
func (x *rebuilds) held() map[string]held {
	x.t.Helper()
	x.engine.must(x.t, http.MethodPost, "/"+x.prefix+"/_refresh", nil, nil)
	const page = 10_000 // the engine gives no more at once
	ask := map[string]any{
		"size": page, "track_total_hits": true, "query": map[string]any{"term": map[string]any{"deleted": false}},
		"_source": []string{"sku", "price", "digest"}, "sort": []string{"sku"},
	}
	all := map[string]held{}
	for {
		var told struct {
			Hits struct {
				Total struct{ Value int }
				Hits  []struct {
					Source held `json:"_source"`
				}
			}
		}
		x.engine.must(x.t, http.MethodPost, "/"+x.prefix+"/_search", ask, &told)
		for _, h := range told.Hits.Hits {
			all[h.Source.SKU] = h.Source
			ask["search_after"] = []string{h.Source.SKU}
		}
		if len(told.Hits.Hits) == page {
			continue
		}
		if len(all) != told.Hits.Total.Value {
			x.t.Fatalf("%d SKUs of %d documents", len(all), told.Hits.Total.Value)
		}
		return all
	}
}

// mustAgree checks that the index has what was written, and is as one that is
// made of the store with nothing going on.
func (x *rebuilds) mustAgree() {
	x.t.Helper()
	have := x.held()
	for sku, price := range x.wants {
		if have[sku].Price != price {
			x.t.Errorf("%s costs %d, in the index %d", sku, price, have[sku].Price)
		}
	}
	if code, said := x.reindex(); code != 0 {
		x.t.Fatalf("reindex: exit code %d\n%s", code, said)
	}
	if anew := x.held(); !maps.Equal(have, anew) {
		for sku := range anew {
			if have[sku] != anew[sku] {
				x.t.Errorf("%s is %+v, anew %+v", sku, have[sku], anew[sku])
			}
		}
		x.t.Errorf("%d SKUs were in the index, %d are anew", len(have), len(anew))
	}
}
