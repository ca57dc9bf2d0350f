// Package httpapi speaks REST for a shop: it reads requests into commands, calls
// the verbs of package core and writes their results and failures. The contract
// is the OpenAPI document it serves.
//
// Operations stand in one file per noun and are registered through register or
// registerStream, never with huma itself: the two guard what every answer has in
// common (problems instead of error texts, permissions, rate limits, deadlines,
// idempotency keys, conditional requests), so that an operation only says what
// is its own.
//
// A request passes, from the outside in: edge.ServeHTTP (request id, trace,
// recovery, CORS, access log), the mux, route.admit (everything that can be
// refused before the body is read), huma (parameters and body against their
// schemas), the operation.
//
// It imports core, ports and nouns, huma and swgui; never a driven adapter.
package httpapi
