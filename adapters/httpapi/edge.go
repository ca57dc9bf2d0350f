package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// Options is everything about the edge that is not the shop. The zero Options
// works: nobody can sign in, nothing is limited, and consistency tokens are not
// given out.
type Options struct {
	Log     *slog.Logger // nil: discarded
	Version string       // of the program, for the document
	Locale  string       // Content-Language; "": en

	// Secrets sign consistency tokens: the first signs, all are accepted.
	Secrets [][]byte
	// Authenticate tells whose session or API key a bearer token is. It answers
	// Unauthenticated for one that is nobody's.
	Authenticate func(ctx context.Context, token string) (account.Actor, error)
	// Keys remembers idempotent answers; nil ignores keys.
	Keys ports.Keys
	// Limiter counts requests; nil lets everything through.
	Limiter ports.Limiter
	// Ready tells how the shop is; nil: ok.
	Ready func(ctx context.Context) Health
	// Observe hears of every answered request, by path template and not by path.
	Observe func(route, method string, status int, took time.Duration)

	// Trace begins the span of a request and returns its trace's id, 32 hex digits;
	// end hears once how it ended, and why if there was a problem. Nil: nobody
	// follows requests, and the id is the caller's, else random.
	Trace func(r *http.Request) (ctx context.Context, traceID string, end func(route string, status int, err error))

	// MediaURL is where pictures are served; PublicURL what absolute addresses of
	// the API begin with. Without a slash at the end.
	MediaURL, PublicURL string
	// PublishableKeys are what storefronts show payment providers, by their codes.
	PublishableKeys map[string]string
	// DeadJobs, Auditor and Backup are an operator's; nil leaves their operations out.
	DeadJobs ports.DeadJobs
	Auditor  ports.Auditor
	Backup   func(ctx context.Context, to io.Writer) error // writes a tar
	// Background runs what goes on after its answer, and ends it when the program
	// stops; nil: a goroutine that nobody waits for.
	Background func(work func(ctx context.Context))
	// SpoolDir is where uploaded feeds wait on disk; "": os.TempDir.
	SpoolDir string

	TrustedProxies []netip.Prefix
	CORSOrigins    []string
	Now            func() time.Time // nil: time.Now
}

// edge is what all operations share.
type edge struct {
	opts    Options
	log     *slog.Logger
	mux     *http.ServeMux
	api     huma.API
	answers huma.Registry // schemas of answers; those of requests are the API's own
	added   *huma.Operation
	patches patches
	signer  signer
	proxies proxies
	cors    cors
	fixed   fixed
	buffers sync.Pool
	now     func() time.Time
}

func newEdge(opts Options) *edge {
	e := &edge{
		opts: opts, log: opts.Log, mux: http.NewServeMux(), patches: patches{}, signer: newSigner(opts.Secrets),
		proxies: opts.TrustedProxies, cors: newCORS(opts.CORSOrigins), now: opts.Now,
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.now == nil {
		e.now = time.Now
	}
	e.fixed = fixed{
		nosniff: []string{"nosniff"}, policy: []string{"default-src 'none'; frame-ancestors 'none'"},
		private: []string{"private, no-store"}, locale: []string{cmp.Or(opts.Locale, "en")}, json: []string{"application/json"},
	}
	e.api = e.newAPI()
	e.serveDocs()
	e.registerProbes()
	return e
}

// fixed are values of headers that many answers have. Sharing them saves an
// allocation each; nobody appends to them.
type fixed struct{ nosniff, policy, private, locale, json []string }

// ServeHTTP is the outermost stage: it gives the request its identity, catches
// panics, and tells the log and the metrics how it ended.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	x := &exchange{ResponseWriter: w, edge: e}
	client, proxied := e.proxies.client(r)
	x.client = client
	x.requestID, x.traceID = newIDs()
	if id := r.Header.Get("X-Request-Id"); proxied && usableID(id) {
		x.requestID = id
	}
	ctx := r.Context() //nolint:contextcheck // Trace makes its context of the request's
	if e.opts.Trace != nil {
		ctx, x.traceID, x.traced = e.opts.Trace(r)
	} else if id := traceIDOf(r.Header.Get("Traceparent")); id != "" {
		x.traceID = id
	}
	x.r = r.WithContext(context.WithValue(ctx, exchangeKey{}, x))

	// An answer has at most eight headers, if nothing special is about it: a map
	// of more costs twice as much to make and to copy.
	h := w.Header()
	h["X-Request-Id"] = x.header(0, x.requestID)
	h["X-Content-Type-Options"] = e.fixed.nosniff
	h["Content-Security-Policy"] = e.fixed.policy
	h["Cache-Control"] = e.fixed.private
	h["Content-Language"] = e.fixed.locale

	defer e.finish(x, began)
	if token := r.Header.Get("X-Consistency-Token"); token != "" {
		x.marks = e.signer.marks(token, e.now())
	}
	if e.cors.allow(x) {
		return
	}
	e.mux.ServeHTTP(x, x.r)
}

// finish answers a panic, then reports.
func (e *edge) finish(x *exchange, began time.Time) {
	if thrown := recover(); thrown != nil {
		if err, ok := thrown.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			defer panic(http.ErrAbortHandler)
		} else {
			cause := fault.Wrap(fault.Internal, "panic", fmt.Errorf("%v\n%s", thrown, debug.Stack()))
			if x.status != 0 {
				x.err = cause
				defer panic(http.ErrAbortHandler) // what was begun must not look complete
			} else {
				x.fail(cause)
			}
		}
	}
	e.report(x, time.Since(began))
}

// report writes the request's one log line and counts it.
func (e *edge) report(x *exchange, took time.Duration) {
	_, route, _ := strings.Cut(x.r.Pattern, " ")
	status := x.status
	if status == 0 {
		status = http.StatusOK
	}
	if status == http.StatusServiceUnavailable && errors.Is(x.r.Context().Err(), context.Canceled) {
		status = clientGone
	}
	if e.opts.Observe != nil {
		e.opts.Observe(route, x.r.Method, status, took)
	}
	if x.traced != nil {
		x.traced(route, status, x.err)
	}
	level := slog.LevelInfo
	switch {
	case status >= http.StatusInternalServerError, x.err != nil && x.code == "" && x.r.Context().Err() == nil: // the latter broke off
		level = slog.LevelError
	case x.route != nil && x.route.Quiet:
		level = slog.LevelDebug
	}
	if !e.log.Enabled(x.r.Context(), level) {
		return
	}
	attrs := [10]slog.Attr{
		slog.String("request_id", x.requestID),
		slog.String("trace_id", x.traceID),
		slog.String("user_id", x.actor.Owner()),
		slog.String("job_id", ""),
		slog.String("route", route),
		slog.String("method", x.r.Method),
		slog.Int("status_code", status),
		slog.Float64("latency", float64(took.Microseconds())/1000),
	}
	n := 8
	if x.code != "" {
		attrs[n] = slog.String("code", x.code)
		n++
	}
	if x.err != nil && level == slog.LevelError {
		attrs[n] = slog.String("error", x.err.Error())
		n++
	}
	e.log.LogAttrs(x.r.Context(), level, "request", attrs[:n]...)
}

// clientGone is how the log names a request whose client did not wait for the
// answer, as nginx does.
const clientGone = 499
