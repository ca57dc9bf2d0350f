package core_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

var sofas = []search.SynonymRule{{Terms: []string{"sofa", "couch"}}, {Terms: []string{"settee"}, To: []string{"sofa"}}}

// counted counts how often settings are asked for, and can be down.
type counted struct {
	ports.SearchSettings
	asked atomic.Int64
	down  atomic.Bool
}

func (c *counted) Versions(ctx context.Context) (map[search.SettingName]int64, error) {
	c.asked.Add(1)
	if c.down.Load() {
		return nil, fault.New(fault.Unavailable, "unavailable", "the store is down")
	}
	return c.SearchSettings.Versions(ctx)
}

func TestSearch_ReplaceSynonyms(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	w.create(core.CreateProduct{By: shopkeeper, Name: "Walnut sofa", BasePrice: eur(900)})
	w.work()
	read := func() core.SynonymRules {
		t.Helper()
		return done1(t, w.shop.Search.Synonyms, core.ReadSynonyms{By: shopkeeper})
	}
	if got := read(); got.Version != 1 || len(got.Rules) != 0 || !got.UpdatedAt.IsZero() {
		t.Errorf("in the beginning %+v", got)
	}
	if found := w.find(search.Query{Text: "settee"}); found.Total != 0 {
		t.Errorf("found %+v", found.Hits)
	}
	saved := done1(t, w.shop.Search.ReplaceSynonyms, core.ReplaceSynonyms{By: shopkeeper, Version: 1, Rules: sofas})
	if saved.Version != 2 || saved.Mark.IsZero() || saved.UpdatedAt.IsZero() {
		t.Errorf("saved %+v", saved)
	}
	if got := read(); got.Version != 2 || len(got.Rules) != 2 || got.Rules[1].To[0] != "sofa" || !got.UpdatedAt.Equal(saved.UpdatedAt) {
		t.Errorf("read %+v", got)
	}
	for _, text := range []string{"settee", "couch", "sofa"} {
		if found := w.find(search.Query{Text: text}); found.Total != 1 || found.Corrected != "" {
			t.Errorf("%s finds %d as %q", text, found.Total, found.Corrected)
		}
	}

	_, err := w.shop.Search.ReplaceSynonyms(t.Context(), core.ReplaceSynonyms{By: shopkeeper, Version: 1})
	mustRefuse(t, err, fault.Stale, "version_conflict")
	_, err = w.shop.Search.ReplaceSynonyms(t.Context(), core.ReplaceSynonyms{By: shopkeeper, Rules: []search.SynonymRule{{}}})
	mustRefuse(t, err, fault.Invalid, "validation_failed")
	for _, by := range []account.Actor{{}, account.Key("idle")} {
		if _, err = w.shop.Search.ReplaceSynonyms(t.Context(), core.ReplaceSynonyms{By: by}); !fault.Is(err, fault.Unauthenticated, fault.Denied) {
			t.Errorf("%v: %v", by, err)
		}
		if _, err = w.shop.Search.Synonyms(t.Context(), core.ReadSynonyms{By: by}); !fault.Is(err, fault.Unauthenticated, fault.Denied) {
			t.Errorf("%v: %v", by, err)
		}
	}
	if found := w.find(search.Query{Text: "couch"}); found.Total != 1 {
		t.Error("a refused change has changed something")
	}
	done1(t, w.shop.Search.ReplaceSynonyms, core.ReplaceSynonyms{By: shopkeeper})
	if found := w.find(search.Query{Text: "couch"}); found.Total != 0 {
		t.Error("what was taken back is still in force")
	}
}

func done1[C, R any](t *testing.T, verb func(context.Context, C) (R, error), cmd C) R {
	t.Helper()
	r, err := verb(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Another server of the shop follows within a second, asking no more often than
// twice a second or so, and goes on with what it knows while the store is down.
func TestSearch_AnotherServerFollowsItsSynonyms(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	clock.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())
	var settings *counted
	var other *core.Shop
	w := openStall(t, nil, func(w *stall, d *core.Deps) {
		there := *d
		settings = &counted{SearchSettings: d.Catalog.Settings}
		there.Catalog.Settings = settings
		there.Now = func() time.Time { return time.Unix(0, clock.Load()) }
		var err error
		if other, err = core.New(there, nil); err != nil {
			t.Fatal(err)
		}
	})
	w.create(core.CreateProduct{By: shopkeeper, Name: "Walnut sofa", BasePrice: eur(900)})
	w.work()
	found := func() int {
		t.Helper()
		return done1(t, other.Search.Find, core.FindProducts{Query: search.Query{Text: "couch"}}).Total
	}
	if found() != 0 {
		t.Error("found before there is a synonym")
	}
	for range 100 {
		found()
	}
	if n := settings.asked.Load(); n != 1 {
		t.Errorf("asked %d times in no time", n)
	}
	done1(t, w.shop.Search.ReplaceSynonyms, core.ReplaceSynonyms{By: shopkeeper, Rules: sofas})
	clock.Add(int64(999 * time.Millisecond))
	if found() != 1 {
		t.Error("not in force after a second")
	}
	settings.down.Store(true)
	clock.Add(int64(time.Hour))
	if found() != 1 {
		t.Error("forgotten while the store is down")
	}
	settings.down.Store(false)
	done1(t, w.shop.Search.ReplaceSynonyms, core.ReplaceSynonyms{By: shopkeeper})
	clock.Add(int64(time.Second))
	if found() != 0 {
		t.Error("still in force")
	}
}

func TestSearch_ReplaceRules(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	sofa := w.create(core.CreateProduct{By: shopkeeper, Name: "Walnut sofa", BasePrice: eur(900)})
	bed := w.create(core.CreateProduct{By: shopkeeper, Name: "Obsidian bed", BasePrice: eur(900)})
	w.work()
	rules := []search.Rule{{Queries: []string{"sofas"}, Pinned: []id.Product{bed.ID}, Redirect: "/sofas"}}
	saved := done1(t, w.shop.Search.ReplaceRules, core.ReplaceRules{By: shopkeeper, Version: 1, Rules: rules})
	read := done1(t, w.shop.Search.Rules, core.ReadSearchRules{By: shopkeeper})
	if saved.Version != 2 || read.Version != 2 || len(read.Rules) != 1 || read.Rules[0].Pinned[0] != bed.ID || read.Rules[0].Redirect != "/sofas" {
		t.Errorf("saved %+v, read %+v", saved, read)
	}
	found := w.find(search.Query{Text: "sofa"})
	if found.Redirect != "/sofas" || len(found.Hits) != 2 || found.Hits[0].Product != bed.ID || found.Hits[1].Product != sofa.ID {
		t.Errorf("leads to %q and finds %+v", found.Redirect, found.Hits)
	}
	if found := w.find(search.Query{Text: "walnut"}); found.Redirect != "" || len(found.Hits) != 1 {
		t.Errorf("another query leads to %q and finds %+v", found.Redirect, found.Hits)
	}
	w.index.setDown(true)
	if found := w.find(search.Query{Text: "sofa"}); !found.Degraded || found.Redirect != "/sofas" {
		t.Errorf("without an engine it leads to %q", found.Redirect)
	}
	w.index.setDown(false)

	_, err := w.shop.Search.ReplaceRules(t.Context(), core.ReplaceRules{By: shopkeeper, Version: 1})
	mustRefuse(t, err, fault.Stale, "version_conflict")
	_, err = w.shop.Search.ReplaceRules(t.Context(), core.ReplaceRules{By: shopkeeper, Rules: []search.Rule{{}}})
	mustRefuse(t, err, fault.Invalid, "validation_failed")
	for _, by := range []account.Actor{{}, account.Key("idle")} {
		if _, err = w.shop.Search.ReplaceRules(t.Context(), core.ReplaceRules{By: by}); !fault.Is(err, fault.Unauthenticated, fault.Denied) {
			t.Errorf("%v: %v", by, err)
		}
		if _, err = w.shop.Search.Rules(t.Context(), core.ReadSearchRules{By: by}); !fault.Is(err, fault.Unauthenticated, fault.Denied) {
			t.Errorf("%v: %v", by, err)
		}
	}
}
