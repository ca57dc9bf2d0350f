package core_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

func TestSearch_Report(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC)
	secrets := [][]byte{[]byte("a secret that is long enough for it")}
	var deps core.Deps
	w := openStall(t, &core.Options{Secrets: secrets}, func(_ *stall, d *core.Deps) {
		d.Now = func() time.Time { return now }
		deps = *d
	})
	w.create(core.CreateProduct{By: shopkeeper, Name: "Walnut sofa", BasePrice: eur(900)})
	w.create(core.CreateProduct{By: shopkeeper, Name: "Oak sofa", BasePrice: eur(900)})
	w.work()
	keep := func() {
		t.Helper()
		done(t, first(w.shop.Search.KeepCounts(t.Context())))
	}
	report := func(by search.TopicOrder) []search.TopicCount {
		t.Helper()
		today := search.DayOf(now)
		r, err := w.shop.Search.Report(t.Context(), core.ReportSearches{By: shopkeeper, Query: search.TopicQuery{From: today - 7, To: today, By: by}})
		if err != nil || r.Total != len(r.Topics) {
			t.Fatal(r, err)
		}
		return r.Topics
	}
	price := int64(1)
	for _, q := range []search.Query{
		{Text: "Sofa"},
		{Text: " sofa  "},
		{Text: "walnut sofa"},
		{Text: "xqzw"},
		{Text: "sofa", Page: 2},
		{Text: "sofa", PriceMin: &price},
		{},
		{Text: "sofa of ann@example.com"},
		{Text: "?!"}, // not counted
	} {
		w.find(q)
	}
	if len(report(search.BySearches)) != 0 {
		t.Error("a search was written at once")
	}
	keep()
	sofa := search.TopicCount{Topic: "sofa", Searches: 2, Results: 4}
	if got, want := report(search.BySearches), []search.TopicCount{sofa, {Topic: "walnut sofa", Searches: 1, Results: 1}, {Topic: "xqzw", Searches: 1, Empty: 1}}; !slices.Equal(got, want) {
		t.Errorf("searches %+v, want %+v", got, want)
	}
	if got := report(search.ByEmpty); len(got) != 1 || got[0].Topic != "xqzw" {
		t.Errorf("empty %+v", got)
	}

	found := w.find(search.Query{Text: "sofa", Page: 2})
	again := w.find(search.Query{Text: "sofa", Page: 2})
	nothing := w.find(search.Query{})
	if found.ID == again.ID || len(found.ID) != len(nothing.ID) {
		t.Errorf("ids %s, %s and %s", found.ID, again.ID, nothing.ID)
	}
	forged := []byte(found.ID)
	forged[0] ^= 1
	now = now.Add(2 * time.Hour) // the next day
	for _, c := range []core.ClickResult{
		{Search: found.ID, Position: 1},
		{Search: again.ID, Position: 4},
		{Search: found.ID, Position: -1},
		{Search: found.ID, Position: 1001},
		{Search: nothing.ID, Position: 1},
		{Search: string(forged), Position: 1},
		{Search: "", Position: 1},
		{Search: "?", Position: 1},
	} {
		w.shop.Search.Click(c)
	}
	other, err := core.New(deps, &core.Options{Secrets: [][]byte{[]byte("another secret, longer than enough for it")}})
	if err != nil {
		t.Fatal(err)
	}
	other.Search.Click(core.ClickResult{Search: found.ID, Position: 1})
	keep()
	sofa.Clicks, sofa.Position = 2, 2.5
	if got := report(search.ByClicks); !slices.Equal(got, []search.TopicCount{sofa}) {
		t.Errorf("clicks %+v, want %+v", got, sofa)
	}
	now = now.Add(24 * time.Hour)
	w.shop.Search.Click(core.ClickResult{Search: found.ID, Position: 1}) // too late
	if s := w.shop.Search.Counted(); s != (core.SearchStats{Searches: 4, Empty: 1, Clicks: 2}) {
		t.Errorf("counted %+v", s)
	}
	now = now.Add(401 * 24 * time.Hour)
	keep()
	if topics, total, err := deps.Catalog.Tallies.Topics(t.Context(), search.TopicQuery{To: search.DayOf(now), By: search.BySearches}); total != 0 || err != nil {
		t.Errorf("kept %v, %v", topics, err)
	}

	_, err = w.shop.Search.Report(t.Context(), core.ReportSearches{By: account.Guest(""), Query: search.TopicQuery{By: search.BySearches}})
	if !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("nobody was told: %v", err)
	}
}

func TestSearch_SuggestsWhatOthersFound(t *testing.T) {
	t.Parallel()
	var deps core.Deps
	w := openStall(t, nil, func(_ *stall, d *core.Deps) { deps = *d })
	w.create(core.CreateProduct{By: shopkeeper, Name: "Walnut sofa bed", BasePrice: eur(900)})
	w.work()
	suggested := func(text string) []search.Suggestion {
		t.Helper()
		list, err := w.shop.Search.Suggest(t.Context(), search.SuggestQuery{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(list, func(s search.Suggestion) bool { return s.Type != search.SuggestText })
	}
	for range 4 {
		w.find(search.Query{Text: "Sofa bed"})
		w.find(search.Query{Text: "soffit", Exact: true})
	}
	w.find(search.Query{Text: "soffit", Exact: true})
	done(t, first(w.shop.Search.KeepCounts(t.Context())))
	if got := suggested("sof"); len(got) != 0 {
		t.Errorf("what few asked for is suggested: %+v", got)
	}

	other, err := core.New(deps, nil) // learns at once
	if err != nil {
		t.Fatal(err)
	}
	w.find(search.Query{Text: "sofa bed"})
	done(t, first(w.shop.Search.KeepCounts(t.Context())))
	done(t, first(other.Search.KeepCounts(t.Context())))
	w.shop = other
	for text, runes := range map[string]int{"SOF": 3, "sofa  be": 7, "sfoa": 4, "sofq": 4, "sof a": 5} {
		got := suggested(text)
		if len(got) != 1 || got[0].Text != "sofa bed" || !slices.Equal(got[0].Highlights, [][2]int{{0, runes}}) {
			t.Errorf("%q: %+v", text, got)
		}
	}
	for _, text := range []string{"bed", "xx", "os"} {
		if got := suggested(text); len(got) != 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
