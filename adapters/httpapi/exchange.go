package httpapi

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// exchange is one request and its answer: what the stages learn about it on the
// way in, and what the log and the metrics need to know at the end. It is the
// ResponseWriter that everything inside writes to. One goroutine uses it.
type exchange struct {
	http.ResponseWriter
	edge *edge
	r    *http.Request

	requestID   string
	traceID     string
	client      netip.Addr
	route       *route                                    // nil while nothing matched
	actor       account.Actor                             // who shows a session or an API key; a cart's token is the operation's business
	marks       []ports.Mark                              // what the consistency token demands
	condition   precondition                              // of operations that declare IfMatch
	key         ports.KeyRef                              // the idempotency key in use; zero: none
	fingerprint [32]byte                                  // of what was asked under it
	traced      func(route string, status int, err error) // ends the span; nil: there is none
	code        string                                    // of the problem that was answered
	err         error                                     // what it is a problem of; logged once

	headers [4]string // values of headers that every answer has

	status  int  // sent; 0: not yet
	instead int  // status to send in place of the next one
	muffled bool // the mux's own text is dropped, a problem was sent in its place
}

type exchangeKey struct{}

// exchangeOf returns the exchange that the edge put into the context.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange) // nil outside of a request
	return x
}

// TraceID returns the W3C trace id of the request that a context belongs to, 32
// hex digits; "" outside of a request. It is what core.Deps.Trace wants.
func TraceID(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.traceID
	}
	return ""
}

// RequestID returns the id that the answer to the request names; "" outside of
// a request.
func RequestID(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.requestID
	}
	return ""
}

// caller returns who asks with a session or an API key. Somebody who shows none
// is nobody, or with a token (of a cart or an order) its guest.
func caller(ctx context.Context, token string) account.Actor {
	if x := exchangeOf(ctx); !x.actor.IsNobody() {
		return x.actor
	}
	return account.Guest(token)
}

// after returns the state of a realm that this request must see; zero for any.
func after(ctx context.Context, realm ports.Realm) ports.Mark {
	for _, m := range exchangeOf(ctx).marks {
		if m.Realm == realm {
			return m
		}
	}
	return ports.Mark{}
}

// conditions returns what an operation with IfMatch was asked to check.
func conditions(ctx context.Context) precondition { return exchangeOf(ctx).condition }

// owner names whose idempotency keys the request uses; "" for nobody's.
func (x *exchange) owner() string {
	if !x.actor.IsNobody() {
		return x.actor.Owner()
	}
	token := x.r.Header.Get("X-Cart-Token")
	if token == "" {
		token = x.r.Header.Get("X-Order-Token")
	}
	return account.Guest(token).Owner()
}

// personal reports whether the request says who is asking or what it has seen,
// so that its answer is for nobody else.
func (x *exchange) personal() bool {
	h := x.r.Header
	return len(x.marks) > 0 || !x.actor.IsNobody() ||
		h["Authorization"] != nil || h["X-Cart-Token"] != nil || h["X-Order-Token"] != nil
}

// header keeps the value of a header in the exchange, which saves the
// allocation of its list.
func (x *exchange) header(i int, value string) []string {
	x.headers[i] = value
	return x.headers[i : i+1 : i+1]
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// SetReadDeadline does nothing once there is nothing left to read, for huma sets
// one before any body, even none. It would pass while the operation runs, which
// net/http takes for a client that left: it cancels the context of this request
// and of all that follow on the connection (go.dev/issue/70834).
func (x *exchange) SetReadDeadline(at time.Time) error {
	if x.r.Body == http.NoBody {
		return nil
	}
	return http.NewResponseController(x.ResponseWriter).SetReadDeadline(at)
}

// WriteHeader sends the status, or a problem in place of a 404 or 405 that no
// operation answers: the mux and file servers write plain text.
func (x *exchange) WriteHeader(status int) {
	switch {
	case x.status != 0:
		return
	case status < 200:
		x.ResponseWriter.WriteHeader(status)
		return
	case x.instead != 0:
		status, x.instead = x.instead, 0
	case x.route == nil && status == http.StatusNotFound:
		p := newProblem(status, "not_found", "there is nothing at this address")
		p.members = members(fault.Resource{Resource: "address"})
		x.muffle(p)
		return
	case x.route == nil && status == http.StatusMethodNotAllowed:
		p := newProblem(status, "method_not_allowed", "this address does not know the method "+x.r.Method)
		p.allow = x.Header().Get("Allow")
		x.muffle(p)
		return
	}
	x.status = status
	x.ResponseWriter.WriteHeader(status)
}

func (x *exchange) Write(b []byte) (int, error) {
	if x.muffled {
		return len(b), nil
	}
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	return x.ResponseWriter.Write(b)
}

func (x *exchange) muffle(p *Problem) {
	x.instead = p.Status
	x.fail(p)
	x.muffled = true
}

// newIDs returns 32 random hex digits each for a request and its trace. They
// are no secrets.
func newIDs() (request, trace string) {
	var b [32]byte
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], rand.Uint64()|1) // an all-zero trace id is invalid
	}
	digits := hex.EncodeToString(b[:])
	return digits[:32], digits[32:]
}

// traceIDOf returns the trace id of a W3C traceparent, "" for none or a malformed one.
func traceIDOf(parent string) string {
	// 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01; later versions may be longer
	if len(parent) < 55 || parent[2] != '-' || parent[35] != '-' || parent[52] != '-' || parent[:2] == "ff" ||
		(parent[:2] == "00" && len(parent) != 55) || (len(parent) > 55 && parent[55] != '-') {
		return ""
	}
	id := parent[3:35]
	if !isHex(parent[:2]) || !isHex(id) || !isHex(parent[36:52]) || !isHex(parent[53:55]) ||
		strings.Trim(id, "0") == "" || strings.Trim(parent[36:52], "0") == "" {
		return ""
	}
	return id
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// usableID reports whether a proxy's request id can be logged and echoed.
func usableID(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == ':':
		default:
			return false
		}
	}
	return true
}
