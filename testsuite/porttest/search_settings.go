package porttest

import (
	"encoding/json"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

// TestSearchSettings is the contract of SearchSettings.
func TestSearchSettings(t *testing.T, h CatalogHarness) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 30, 0, 123_456_000, time.UTC)

	t.Run("ThereFromTheBeginning", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Settings
		versions, err := s.Versions(t.Context())
		if want := map[search.SettingName]int64{search.SettingSynonyms: 1, search.SettingRules: 1, search.SettingBoosts: 1}; err != nil || !maps.Equal(versions, want) {
			t.Errorf("versions %v, %v; want %v", versions, err, want)
		}
		for _, name := range search.Settings() {
			got, err := s.Setting(t.Context(), name)
			if err != nil || got.Name != name || got.Version != 1 || len(got.Body) != 0 || !got.UpdatedAt.IsZero() {
				t.Errorf("%s is %+v, %v", name, got, err)
			}
		}
	})

	t.Run("RoundTripsExactly", func(t *testing.T) {
		t.Parallel()
		store := h.New(t)
		body, err := json.Marshal(map[string]any{"b": []string{"  'é'\\ \"🔥\" \u202e سلام", "a</script>"}, "a": 1 << 53})
		if err != nil {
			t.Fatal(err)
		}
		version, mark, err := store.Settings.SaveSetting(t.Context(), search.Setting{Name: search.SettingRules, Version: 1, Body: body, UpdatedAt: at})
		if err != nil || version != 2 || mark.IsZero() {
			t.Fatalf("version %d, mark %v, %v", version, mark, err)
		}
		got, err := store.Settings.Setting(t.Context(), search.SettingRules)
		mustSame(t, "rules", got, err, search.Setting{Name: search.SettingRules, Version: 2, Body: body, UpdatedAt: at})
		other, err := store.Settings.Setting(t.Context(), search.SettingSynonyms)
		if err != nil || other.Version != 1 {
			t.Errorf("synonyms are %+v, %v", other, err)
		}
		versions, err := store.Settings.Versions(t.Context())
		if err != nil || versions[search.SettingRules] != 2 || versions[search.SettingSynonyms] != 1 {
			t.Errorf("versions %v, %v", versions, err)
		}
	})

	t.Run("AStaleVersionIsRefused", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Settings
		save := func(version int64, body string) (int64, error) {
			v, _, err := s.SaveSetting(t.Context(), search.Setting{Name: search.SettingSynonyms, Version: version, Body: []byte(body), UpdatedAt: at})
			return v, err
		}
		if v, err := save(0, `"forced"`); err != nil || v != 2 {
			t.Fatalf("version %d, %v", v, err)
		}
		for _, version := range []int64{1, 3, -1} {
			_, err := save(version, `"late"`)
			mustFail(t, err, fault.Stale, "version_conflict")
		}
		got, err := s.Setting(t.Context(), search.SettingSynonyms)
		mustSame(t, "synonyms", got, err, search.Setting{Name: search.SettingSynonyms, Version: 2, Body: []byte(`"forced"`), UpdatedAt: at})
	})

	t.Run("OneOfManyWins", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Settings
		var all sync.WaitGroup
		won := make(chan int64, 8)
		for range cap(won) {
			all.Go(func() {
				v, _, err := s.SaveSetting(t.Context(), search.Setting{Name: search.SettingSynonyms, Version: 1, Body: []byte("[]"), UpdatedAt: at})
				if err == nil {
					won <- v
				} else if !fault.Is(err, fault.Stale) {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if len(won) != 1 || <-won != 2 {
			t.Errorf("%d won", len(won)+1)
		}
	})

	t.Run("NoOthers", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Settings
		_, err := s.Setting(t.Context(), "colours")
		mustFail(t, err, fault.NotFound, "not_found")
		_, _, err = s.SaveSetting(t.Context(), search.Setting{Name: "colours", Body: []byte("[]"), UpdatedAt: at})
		mustFail(t, err, fault.NotFound, "not_found")
	})
}
