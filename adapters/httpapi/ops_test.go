package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProbes_TellTheState(t *testing.T) {
	t.Parallel()
	health := Health{Status: Healthy, Checks: []Check{{Name: "database", Status: Healthy, Detail: "pq: secret"}}}
	d := newDesk(t, Options{Ready: func(context.Context) Health { return health }})
	d.do("GET", "/livez", "").ok(200)
	for state, status := range map[string]int{Healthy: 200, Degraded: 200, Unavailable: 503} {
		health.Status = state
		if g := d.do("GET", "/readyz", ""); g.status != status || strings.TrimSpace(g.body) != `{"status":"`+state+`"}` {
			t.Errorf("%s is answered %d %s", state, g.status, g.body)
		}
	}
	if g := d.do("GET", "/livez", "").ok(200); strings.TrimSpace(g.body) != `{"status":"ok"}` {
		t.Errorf("a live process answers %s", g.body)
	}
}

func TestOps_ShowsDetails(t *testing.T) {
	t.Parallel()
	ask := func(h http.Handler, path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		return w.Code, w.Body.String()
	}
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	down := Health{Status: Unavailable, Checks: []Check{{Name: "database", Status: Unavailable, Detail: "refused"}}}
	h := Ops(OpsOptions{Metrics: metrics, Ready: func(context.Context) Health { return down }, Pprof: true})
	if status, body := ask(h, "/metrics"); status != 200 || body != "up 1\n" {
		t.Errorf("metrics: %d %s", status, body)
	}
	status, body := ask(h, "/readyz")
	var got Health
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != 503 || len(got.Checks) != 1 || got.Checks[0].Detail != "refused" {
		t.Errorf("readyz: %d %s", status, body)
	}
	if status, _ := ask(h, "/debug/pprof/goroutine"); status != 200 {
		t.Errorf("profiles: %d", status)
	}
	bare := Ops(OpsOptions{})
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/metrics": 404, "/debug/pprof/": 404} {
		if status, body := ask(bare, path); status != want || strings.Contains(body, "null") {
			t.Errorf("%s without anything: %d %s", path, status, body)
		}
	}
}
