package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/testsuite/bench/baseline"
)

func TestClient(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		switch r.URL.Path {
		case "/nothing":
			w.WriteHeader(http.StatusNoContent)
		case "/endless":
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush() // so that no length is known
			_, _ = w.Write([]byte("x"))
		default:
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte(r.Method + " " + r.RequestURI + " " + r.Header.Get("X-Cart-Token") + " " + string(body)))
		}
	}))
	t.Cleanup(server.Close)
	c, err := dial(addr(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.close() })
	for _, ask := range []struct {
		request []byte
		status  int
		body    string
	}{
		{get("/a?b=c"), 418, "GET /a?b=c  "},
		{send("PUT", "/b", `{"quantity":1}`, "X-Cart-Token: t"), 418, `PUT /b t {"quantity":1}`},
		{get("/nothing"), 204, ""},
		{get("/a"), 418, "GET /a  "},
	} {
		status, body, err := c.do(ask.request)
		if err != nil || status != ask.status || string(body) != ask.body {
			t.Errorf("%q: %d %q, %v", ask.request, status, body, err)
		}
	}
	if _, _, err := c.do(get("/endless")); err == nil {
		t.Error("an answer of unknown length was read")
	}
}

func TestPlan_EndsAtTheFirstUnexpectedAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	p := plan{Addr: addr(server.URL), Journey: "read", Paths: []string{"/a"}, Users: 3, For: time.Minute}
	if _, err := p.run(t.Context()); err == nil || !strings.Contains(err.Error(), "GET /a: 404") {
		t.Errorf("it ended with %v", err)
	}
	p.Journey = "fly"
	if _, err := p.run(t.Context()); err == nil {
		t.Error("users can fly")
	}
}

func TestTyped_LetterByLetter(t *testing.T) {
	t.Parallel()
	const at = "/v1/search/suggest?q="
	got := typed([]string{"é b", "", "", "", "", "on disk"})
	want := []string{at + "%C3%A9", at + "%C3%A9+", at + "%C3%A9+b"}
	if !slices.Equal(got[:3], want) || got[len(got)-1] != at+"on+dsik" {
		t.Errorf("typed were %q", got)
	}
}

func TestPlan_TypesInOrder(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(server.Close)
	c, err := dial(addr(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	p := plan{Journey: "type", Paths: []string{"/a", "/b", "/c", "/d"}, Users: 2}
	second, err := p.journey(1)
	for n := range 3 {
		if err == nil {
			_, err = second(c, n*p.Users+1)
		}
	}
	if err := errors.Join(err, c.close()); err != nil || !slices.Equal(asked, []string{"/c", "/d", "/a"}) {
		t.Errorf("the second user asked for %q, %v", asked, err)
	}
}

func TestAlternate(t *testing.T) {
	t.Parallel()
	var order []string
	turn := func(who string, rates ...int) side {
		return func(context.Context) (sample, error) {
			order = append(order, who)
			s := sample{tally: tally{Done: rates[0], Took: time.Second}, cpu: time.Duration(rates[0]) * time.Millisecond}
			rates = rates[1:]
			return s, nil
		}
	}
	// The machine is twice as fast in the second round, and busy in the third.
	p, err := alternate(t.Context(), 3, turn("ours", 50, 100, 1), turn("limit", 100, 200, 10))
	if err != nil {
		t.Fatal(err)
	}
	if p.ratio != 0.5 || p.low != 0.1 || p.high != 0.5 {
		t.Errorf("ratio %v, from %v to %v", p.ratio, p.low, p.high)
	}
	if rate := p.ours.rate(); rate < 49.9 || rate > 50.1 || p.ours.perJourney() != time.Millisecond {
		t.Errorf("a rate of %v at %v", rate, p.ours.perJourney())
	}
	if want := []string{"ours", "limit", "limit", "ours", "ours", "limit"}; !slices.Equal(order, want) {
		t.Errorf("they took turns like %v", order)
	}
	broken := func(context.Context) (sample, error) { return sample{}, errors.New("no answer") }
	if _, err := alternate(t.Context(), 1, turn("ours", 1), broken); err == nil {
		t.Error("a failure went by")
	}
}

func TestTable_Figures(t *testing.T) {
	t.Parallel()
	for x, want := range map[float64]string{0.5: "0.5", 99.4: "99.4", 123.4: "123", 1234: "1,230", 59_871: "59,900"} {
		if got := thousands(x); got != want {
			t.Errorf("%v is written %s", x, got)
		}
	}
	for d, want := range map[time.Duration]string{900 * time.Nanosecond: "0 µs", 17 * time.Microsecond: "17 µs", 1540 * time.Microsecond: "1.5 ms", 37 * time.Millisecond: "37 ms", 2300 * time.Millisecond: "2.3 s"} {
		if got := short(d); got != want {
			t.Errorf("%v is written %s", d, got)
		}
	}
}

// Both sides of every comparison leave the same behind.
func TestSides(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shop, err := embed(t.Context(), dir, core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	feed, err := goods(productsOfShop / 100)
	if err != nil {
		t.Fatal(err)
	}
	report, err := shop.Imports.Run(t.Context(), core.RunImport{By: account.System("bench"), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(feed)), nil
	}})
	const variants = productsOfShop / 100 * sizesOfProduct
	if err != nil || report.Created != variants {
		t.Fatalf("imported %+v, %v", report, err)
	}
	limit, err := baseline.OpenTill(filepath.Join(dir, "till.db"), skus())
	if err != nil {
		t.Fatal(err)
	}
	till := &till{bench: &bench{users: 2, work: 4}, shop: shop, limit: limit, products: productsOfShop / 100}
	for _, run := range []side{till.place, till.session, till.limitPlace(1), till.limitPlace(3), till.limitSession} {
		if s, err := run(t.Context()); err != nil || s.Done != 4 || s.Took <= 0 {
			t.Errorf("%+v, %v", s, err)
		}
	}
	orders, units, err := limit.Orders()
	if err != nil || orders != 3*4 || units != 3*4*linesOfCart {
		t.Errorf("the baseline has %d orders of %d units, %v", orders, units, err)
	}
	if err := errors.Join(limit.Close(), shop.close()); err != nil {
		t.Fatal(err)
	}
	rows, err := baseline.ReadRows(filepath.Join(dir, "shop.db"))
	if err != nil || rows.Count() < 2*variants {
		t.Fatalf("%d rows, %v", rows.Count(), err)
	}
	if err := rows.Insert(filepath.Join(dir, "rows.db")); err != nil {
		t.Fatal(err)
	}
	again, err := baseline.ReadRows(filepath.Join(dir, "rows.db"))
	if err != nil || again.Count() != rows.Count() {
		t.Errorf("%d rows were inserted of %d, %v", again.Count(), rows.Count(), err)
	}
}
