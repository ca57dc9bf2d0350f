package expect

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
)

// judge stands in for a test that may fail.
type judge struct {
	testing.TB
	said string
}

func (*judge) Helper()                          {}
func (j *judge) Errorf(format string, a ...any) { j.said += fmt.Sprintf(format, a...) }
func (j *judge) Fatalf(format string, a ...any) {
	j.Errorf(format, a...)
	panic(j)
}

// verdict returns what an expectation complains of; "" if it is met.
func verdict(t *testing.T, expectation func(testing.TB)) (said string) {
	t.Helper()
	j := &judge{TB: t}
	defer func() {
		if r := recover(); r != nil && r != any(j) {
			panic(r)
		}
		said = j.said
	}()
	expectation(j)
	return j.said
}

// canned is an answer that can be given again and again.
type canned struct {
	status            int
	contentType, body string
}

func (c canned) response() *http.Response {
	return &http.Response{
		StatusCode: c.status, Status: http.StatusText(c.status), Header: http.Header{"Content-Type": {c.contentType}},
		Body: io.NopCloser(strings.NewReader(c.body)),
	}
}

const gone = `{"type":"urn:bodega:problem:cart_expired","title":"Cart expired","status":410,"code":"cart_expired","request_id":"r",
"errors":[{"location":"path.id","code":"pattern","message":"no"}],"order_id":"o-1"}`

func TestProblem(t *testing.T) {
	t.Parallel()
	const kind = "application/problem+json"
	r := Problem(t, canned{410, kind, gone}.response(), 410, "cart_expired") //nolint:bodyclose // the expectation closes it
	if r.Fields["path.id"] != "pattern" || r.Members["order_id"] != "o-1" {
		t.Errorf("read %+v", r)
	}
	for name, resp := range map[string]canned{
		"OtherCode":   {410, kind, strings.ReplaceAll(gone, "cart_expired", "token_expired")},
		"OtherStatus": {404, kind, gone},
		"OtherType":   {410, "application/json", gone},
		"NoRequestID": {410, kind, strings.ReplaceAll(gone, `"request_id":"r",`, "")},
		"NoJSON":      {410, kind, "gone"},
	} {
		if verdict(t, func(tb testing.TB) { Problem(tb, resp.response(), 410, "cart_expired") }) == "" { //nolint:bodyclose // the expectation closes it
			t.Errorf("%s passes for cart_expired", name)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	type cart struct{ Version int }
	if c := JSON[cart](t, canned{200, "application/json; charset=utf-8", `{"version":3}`}.response(), 200); c.Version != 3 { //nolint:bodyclose // the expectation closes it
		t.Errorf("read %+v", c)
	}
	for name, resp := range map[string]canned{
		"OtherStatus": {500, "application/json", `{}`},
		"OtherType":   {200, "text/html", `{}`},
		"OtherShape":  {200, "application/json", `[]`},
	} {
		if verdict(t, func(tb testing.TB) { JSON[cart](tb, resp.response(), 200) }) == "" { //nolint:bodyclose // the expectation closes it
			t.Errorf("%s passes", name)
		}
	}
}

func TestMoneyAndFault(t *testing.T) {
	t.Parallel()
	Money(t, "total", money.New(1999, "EUR"), 1999, "EUR")
	err := fmt.Errorf("place: %w", fault.New(fault.Conflict, "cart_locked", "it is being ordered"))
	Fault(t, err, fault.Conflict, "cart_locked")
	for name, expectation := range map[string]func(testing.TB){
		"OtherAmount":   func(tb testing.TB) { Money(tb, "total", money.New(1998, "EUR"), 1999, "EUR") },
		"OtherCurrency": func(tb testing.TB) { Money(tb, "total", money.New(1999, "USD"), 1999, "EUR") },
		"OtherKind":     func(tb testing.TB) { Fault(tb, err, fault.Invalid, "cart_locked") },
		"OtherCode":     func(tb testing.TB) { Fault(tb, err, fault.Conflict, "in_use") },
		"NoError":       func(tb testing.TB) { Fault(tb, nil, fault.Conflict, "cart_locked") },
	} {
		if verdict(t, expectation) == "" {
			t.Errorf("%s passes", name)
		}
	}
}

func TestSoon(t *testing.T) {
	t.Parallel()
	calls := 0
	Soon(t, "three calls were made", func() bool { calls++; return calls == 3 })
	if calls != 3 {
		t.Errorf("asked %d times", calls)
	}
}
