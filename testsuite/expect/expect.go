// Package expect says what tests of the shop look for, in one line each, with a
// failure that tells what was there instead. A failure ends the test, but for
// Money and Fault, which compare and go on.
package expect

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
)

// JSON reads an answer of the given status.
func JSON[T any](t testing.TB, resp *http.Response, status int) T {
	t.Helper()
	body := read(t, resp, status, "application/json")
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%s: the body is not what was expected: %v\n%s", asked(resp), err, body)
	}
	return v
}

// Refusal is a problem as a client sees it. Members has all of it, the code's
// own members too.
type Refusal struct {
	Code    string
	Detail  string
	Fields  map[string]string // codes of what is wrong, by location
	Members map[string]any
}

// Problem reads an answer that refuses, of the given status and code.
func Problem(t testing.TB, resp *http.Response, status int, code string) Refusal {
	t.Helper()
	body := read(t, resp, status, "application/problem+json")
	var p struct {
		Type      string
		Status    int
		Code      string
		Detail    string
		RequestID string `json:"request_id"`
		Errors    []struct{ Location, Code string }
	}
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%s: not a problem: %v\n%s", asked(resp), err, body)
	}
	if p.Code != code || p.Status != status || p.Type != "urn:bodega:problem:"+code || p.RequestID == "" {
		t.Fatalf("%s: want the problem %s, got\n%s", asked(resp), code, body)
	}
	r := Refusal{Code: p.Code, Detail: p.Detail, Fields: map[string]string{}, Members: map[string]any{}}
	for _, e := range p.Errors {
		r.Fields[e.Location] = e.Code
	}
	if err := json.Unmarshal(body, &r.Members); err != nil {
		t.Fatalf("%s: %v", asked(resp), err)
	}
	return r
}

// Status drains an answer of the given status.
func Status(t testing.TB, resp *http.Response, status int) {
	t.Helper()
	read(t, resp, status, "")
}

func read(t testing.TB, resp *http.Response, status int, contentType string) []byte {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatalf("%s: the answer broke off: %v", asked(resp), err)
	}
	if resp.StatusCode != status {
		t.Fatalf("%s: want %d, got %s\n%s", asked(resp), status, resp.Status, body)
	}
	if got := resp.Header.Get("Content-Type"); contentType != "" && got != contentType && !strings.HasPrefix(got, contentType+";") {
		t.Fatalf("%s: want %s, got %q\n%s", asked(resp), contentType, got, body)
	}
	return body
}

func asked(resp *http.Response) string {
	if resp.Request == nil {
		return "answer"
	}
	return resp.Request.Method + " " + resp.Request.URL.Path
}

// Money compares an amount with minor units of a currency.
func Money(t testing.TB, what string, got money.Amount, minor int64, currency money.Currency) {
	t.Helper()
	if want := money.New(minor, currency); got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Fault looks for an error of a kind and code.
func Fault(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, kind) || fault.CodeOf(err) != code {
		t.Errorf("want %s, got %v", code, err)
	}
}

// Soon waits until something holds, for at most half a minute: work that is done
// after the fact has no other end to wait for.
func Soon(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after half a minute it is still not so that %s", what)
		}
	}
}
