package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/pprof"
)

// Health is how the shop is: ok, degraded (something is slower or staler than
// it should be) or unavailable (nothing can be sold).
type Health struct {
	Status string  `json:"status" enum:"ok,degraded,unavailable"`
	Checks []Check `json:"checks"`
}

// Check is one dependency.
type Check struct {
	Name      string  `json:"name"`
	Status    string  `json:"status"`
	Detail    string  `json:"detail,omitempty"`
	LatencyMS float64 `json:"latency_ms"`
}

// The states of Health.
const (
	Healthy     = "ok"
	Degraded    = "degraded"
	Unavailable = "unavailable"
)

// ProbeStatus is what a probe is told: the state and nothing that would help an
// attacker.
type ProbeStatus struct {
	Status string `json:"status" enum:"ok,degraded,unavailable"`
}

func (h Health) httpStatus() int {
	if h.Status == Unavailable {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

func (e *edge) registerProbes() {
	register(e, operation{
		ID: "livez", Method: http.MethodGet, Path: "/livez", Tag: "operations", Limit: classNone, Quiet: true,
		Summary: "Tell whether the process runs",
	}, func(context.Context, *struct{}) (*reply[ProbeStatus], error) {
		return &reply[ProbeStatus]{Body: ProbeStatus{Healthy}}, nil
	})
	register(e, operation{
		ID: "readyz", Method: http.MethodGet, Path: "/readyz", Tag: "operations", Limit: classNone, Quiet: true,
		Also:    []int{http.StatusServiceUnavailable},
		Summary: "Tell whether the shop can be used", Description: "503 only when nothing can be sold.",
	}, func(ctx context.Context, _ *struct{}) (*reply[ProbeStatus], error) {
		h := Health{Status: Healthy}
		if e.opts.Ready != nil {
			h = e.opts.Ready(ctx)
		}
		return &reply[ProbeStatus]{Status: h.httpStatus(), Body: ProbeStatus{h.Status}}, nil
	})
}

// OpsOptions is what the operations port shows.
type OpsOptions struct {
	Metrics http.Handler                     // nil: none
	Ready   func(ctx context.Context) Health // nil: ok
	Pprof   bool
}

// Ops returns the handler of the operations port, which is not for the public:
// /livez, /readyz with every dependency, /metrics, and profiles when enabled.
func Ops(o OpsOptions) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		writeHealth(w, http.StatusOK, ProbeStatus{Healthy})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		h := Health{Status: Healthy}
		if o.Ready != nil {
			h = o.Ready(r.Context())
		}
		if h.Checks == nil {
			h.Checks = []Check{}
		}
		writeHealth(w, h.httpStatus(), h)
	})
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	if o.Pprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return mux
}

func writeHealth(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the prober is gone
}
