// Package collector is the other side of OpenTelemetry's protocol for tests: a
// server that takes traces over HTTP and shows what it was sent.
package collector

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	collect "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// patience is how long a span may take to arrive: a program sends them in
// batches, seconds apart.
const patience = time.Minute

// Span is a span as it arrived. Ids are hex digits.
type Span struct {
	Service, Name     string
	Trace, ID, Parent string
	Links             []string // ids of the spans it is linked to
	Failed            bool
	Attributes        map[string]any
}

// Collector is a server that takes traces.
type Collector struct {
	URL string

	mu    sync.Mutex
	spans []Span
}

// Start starts one, which ends with the test.
func Start(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.take(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			t.Errorf("collector: %s %s: %v", r.Method, r.URL, err)
		}
	}))
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

func (c *Collector) take(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	var sent collect.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &sent); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, from := range sent.GetResourceSpans() {
		service := ""
		for _, a := range from.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range from.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, read(service, s))
			}
		}
	}
	return nil
}

func read(service string, s *v1.Span) Span {
	span := Span{
		Service: service, Name: s.GetName(), Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()),
		Parent: hex.EncodeToString(s.GetParentSpanId()), Failed: s.GetStatus().GetCode() == v1.Status_STATUS_CODE_ERROR,
		Attributes: map[string]any{},
	}
	for _, l := range s.GetLinks() {
		span.Links = append(span.Links, hex.EncodeToString(l.GetSpanId()))
	}
	for _, a := range s.GetAttributes() {
		if n := a.GetValue().GetIntValue(); n != 0 {
			span.Attributes[a.GetKey()] = n
		} else {
			span.Attributes[a.GetKey()] = a.GetValue().GetStringValue()
		}
	}
	return span
}

// Spans returns what has arrived of a trace.
func (c *Collector) Spans(trace string) []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.spans), func(s Span) bool { return s.Trace != trace })
}

// Wait returns what has arrived of a trace once spans of all the names are among
// it, by name; of several of one name, the last. The test fails if they do not
// come.
func (c *Collector) Wait(t testing.TB, trace string, names ...string) map[string]Span {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; {
		found := map[string]Span{}
		for _, s := range c.Spans(trace) {
			found[s.Name] = s
		}
		missing := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return found[n].ID != "" })
		if len(missing) == 0 {
			return found
		}
		if time.Now().After(deadline) {
			t.Fatalf("collector: %q did not come; there are %+v", missing, found)
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}
