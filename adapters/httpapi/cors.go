package httpapi

import (
	"net/http"
	"strings"
)

const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Cart-Token, X-Consistency-Token, X-CSRF-Token, X-Order-Token, X-Request-ID, traceparent, tracestate"
	corsExposed = "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-ID, X-Consistency-Token, X-Order-Token, Idempotent-Replayed"
)

// cors lets pages of some origins read the answers. Origins are compared as
// whole strings; there is no wildcard.
type cors map[string]bool

func newCORS(origins []string) cors {
	c := make(cors, len(origins))
	for _, o := range origins {
		c[strings.TrimSuffix(o, "/")] = true
	}
	return c
}

// allow writes what the browser wants to know, and reports whether the request
// was only a question (a preflight) and has been answered.
func (c cors) allow(x *exchange) (answered bool) {
	if len(c) == 0 {
		return false
	}
	h := x.Header()
	h.Add("Vary", "Origin")
	origin := x.r.Header.Get("Origin")
	if !c[origin] {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	if x.r.Method != http.MethodOptions || x.r.Header.Get("Access-Control-Request-Method") == "" {
		h.Set("Access-Control-Expose-Headers", corsExposed)
		return false
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", "600")
	x.WriteHeader(http.StatusNoContent)
	return true
}
