package elasticsearch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// The digest of an index's body changes only together with layoutVersion: else
// shops that are updated would keep an index of the old layout.
func TestLayout_VersionRisesWithTheBody(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(indexBody("en"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	if got, want := hex.EncodeToString(sum[:6]), "0df1e0208650"; got != want || layoutVersion != 2 {
		t.Errorf("the layout has changed to %s: raise layoutVersion and write both down here", got)
	}
}

func TestLayout_FitsItsOwnAndOlderPrograms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		index, program layout
		fits           bool
	}{
		{layout{3, "en"}, layout{3, "en"}, true},
		{layout{4, "en"}, layout{3, "en"}, true},
		{layout{2, "en"}, layout{3, "en"}, false},
		{layout{3, "de"}, layout{3, "en"}, false},
		{layout{}, layout{1, "en"}, false},
	} {
		if got := c.index.fits(c.program); got != c.fits {
			t.Errorf("%v for a program of %v: %v", c.index, c.program, got)
		}
	}
}

// An index of an older release lacks a field. It is noticed, takes documents
// again at once, and a build replaces it.
func TestBuilt_AnOlderLayoutIsReplaced(t *testing.T) {
	t.Parallel()
	e := openAt(t, containers.Elasticsearch(t), quick)
	body := indexBody("en")
	mappings, _ := body["mappings"].(object)
	properties, _ := mappings["properties"].(object)
	delete(properties, "featured")
	old := e.newName(e.targets.known.at, "20200101000000_aaaaaa")
	body["aliases"] = object{e.serving(): object{}, e.writing(): object{}, documentsOf(old): object{}}
	if err := e.call(t.Context(), e.writes, http.MethodPut, "/"+old, body, nil); err != nil {
		t.Fatal(err)
	}
	featured := lamp(1, 1)
	featured.Featured = true
	if _, err := e.Index(t.Context(), []search.Document{featured}); err == nil {
		t.Fatal("the old index takes the document")
	}
	if built, err := e.Built(t.Context()); built || err != nil {
		t.Fatalf("built %v, %v", built, err)
	}
	mustIndex(t, e, featured)
	build, resumed, err := e.Begin(t.Context(), "20261123000000_bbbbbb")
	if err != nil || resumed {
		t.Fatal(resumed, err)
	}
	if _, err := build.Add(t.Context(), lamps(3)); err != nil {
		t.Fatal(err)
	}
	if err := build.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if built, err := e.Built(t.Context()); !built || err != nil {
		t.Errorf("then built %v, %v", built, err)
	}
	mustRefresh(t, e)
	if r, err := e.Search(t.Context(), search.Query{}); err != nil || r.Total != 3 {
		t.Errorf("found %d, %v", r.Total, err)
	}
}

// What an older program has left half built is begun anew.
func TestBegin_TakesUpItsOwnLayoutOnly(t *testing.T) {
	t.Parallel()
	url := containers.Elasticsearch(t)
	o := quick
	o.Locale = "de"
	other, e := openAt(t, url, o), openAt(t, url, quick)
	const name = "20261123000000_cccccc"
	left, _, err := other.Begin(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := left.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	build, resumed, err := e.Begin(t.Context(), name)
	if err != nil || resumed {
		t.Fatalf("resumed %v, %v", resumed, err)
	}
	if err := build.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if built, err := e.Built(t.Context()); !built || err != nil {
		t.Errorf("built %v, %v", built, err)
	}
}
