package stack_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// An index that was never filled as a whole, or that somebody deletes under the
// running shop, is made from the store without being asked for.
func TestProduction_ALostIndexIsMadeAgain(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t, stack.Production())
	for range 3 {
		fixture.Product(t, shop.Shop, 1)
	}
	at, err := url.Parse(shop.Setting("BODEGA_SEARCH_URL"))
	if err != nil {
		t.Fatal(err)
	}
	prefix := at.Query().Get("prefix")
	at.RawQuery = ""
	ask := func(method, path string, into any) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(at.String(), "/")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Close = true // no connection outlives the test
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	// built returns the index in service, if it was filled as a whole and is alone.
	built := func() string {
		t.Helper()
		var indices map[string]json.RawMessage
		ask("GET", "/"+prefix+"_2*,"+prefix+"_first?expand_wildcards=all&ignore_unavailable=true", &indices)
		for name := range indices {
			if len(indices) == 1 && !strings.HasSuffix(name, "_first") {
				return name
			}
		}
		return ""
	}
	complete := func() bool {
		found := expect.JSON[struct {
			Total    int
			Degraded bool
		}](t, shop.Storefront(t, "GET", "/v1/search", nil), 200)
		return found.Total == 3 && !found.Degraded
	}
	var seen []string
	for range 2 {
		made := func() bool { // a worker looks every ten seconds, and a build waits for other programs
			name := built()
			return name != "" && !slices.Contains(seen, name) && complete()
		}
		for deadline := time.Now().Add(2 * time.Minute); !made(); {
			if time.Now().After(deadline) {
				t.Fatalf("no index was built after %v", seen)
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-t.Context().Done():
			}
		}
		seen = append(seen, built())
		var told json.RawMessage
		ask("DELETE", "/"+seen[len(seen)-1], &told)
	}
}
