package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/bodega-commerce/bodega/ports"
)

// reply is what an operation answers when all went well.
type reply[T any] struct {
	Status   int           // 0: the operation's
	Body     T             // ignored when the status allows none
	Rendered []byte        // the body as JSON already; sent in place of Body, and not kept
	Written  *bytes.Buffer // or that in a buffer of the edge's, which takes it back
	Location string
	ETag     string     // strongETag or weakETag
	Mark     ports.Mark // of the write, for the consistency token
	// Replayed is what an earlier request with the same idempotency key was
	// answered: it is sent instead, byte for byte.
	Replayed *ports.Answer
}

// nothing is the body of answers that have none.
type nothing struct{}

// answer is an answer in bytes: a rendered reply, a problem, a replay.
type answer struct {
	status      int
	contentType string
	location    string
	etag        string
	mark        ports.Mark
	header      map[string]string
	body        []byte
	problem     *Problem // what the body says, nil if it is none
	replayed    bool
	buffer      *bytes.Buffer // holds body; goes back to the pool
}

const keptBuffer = 256 << 10 // larger ones are left to the collector

// bodyless reports whether a status is sent without a body.
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified || status == http.StatusMovedPermanently
}

// render makes bytes of a reply. What cannot be encoded is a bug and answered
// as one, which is why nothing is sent before.
func render[T any](r *route, x *exchange, rep *reply[T]) *answer {
	if rep.Replayed != nil {
		return replay(*rep.Replayed)
	}
	a := &answer{
		status: rep.Status, contentType: "application/json", location: rep.Location, etag: rep.ETag,
		mark: rep.Mark, body: rep.Rendered,
	}
	if a.status == 0 {
		a.status = r.Status
	}
	if r.reads() && a.status == http.StatusOK && notModified(x.r.Header, a.etag) {
		a.status = http.StatusNotModified
	}
	if rep.Written != nil {
		a.buffer, a.body = rep.Written, rep.Written.Bytes()
	}
	if bodyless(a.status) {
		return a
	}
	if a.body == nil {
		a.buffer = x.edge.buffer()
		enc := json.NewEncoder(a.buffer)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(&rep.Body); err != nil {
			x.edge.recycle(a)
			return x.problem(err).answer()
		}
		a.body = a.buffer.Bytes()
	}
	if r.Cache != "" && a.etag == "" && a.status == http.StatusOK {
		if a.etag = stateTag(a.body); notModified(x.r.Header, a.etag) {
			a.status = http.StatusNotModified
		}
	}
	return a
}

func (e *edge) buffer() *bytes.Buffer {
	if b, ok := e.buffers.Get().(*bytes.Buffer); ok {
		b.Reset()
		return b
	}
	return new(bytes.Buffer)
}

func (e *edge) recycle(a *answer) {
	if a.buffer != nil && a.buffer.Cap() <= keptBuffer {
		e.buffers.Put(a.buffer)
	}
	a.buffer, a.body = nil, nil
}

// answer makes bytes of a problem.
func (p *Problem) answer() *answer {
	body, err := encode(p)
	if err != nil { // a member that does not encode: answer without
		p.members, p.cause = nil, err
		body, _ = encode(p) // strings and numbers do
	}
	a := &answer{status: p.Status, contentType: problemType, body: body, problem: p}
	set := func(name, value string) {
		if a.header == nil {
			a.header = map[string]string{}
		}
		a.header[name] = value
	}
	if p.retryAfter > 0 {
		set("Retry-After", seconds(p.retryAfter))
	}
	if p.allow != "" {
		set("Allow", p.allow)
	}
	if p.Status == http.StatusUnauthorized {
		set("WWW-Authenticate", `Bearer realm="bodega"`)
	}
	return a
}

// problem translates an error for this request and remembers it for the log.
func (x *exchange) problem(err error) *Problem {
	p := *problemOf(err, x.route.locate)
	p.RequestID = x.requestID
	return &p
}

// fail answers with the problem that an error is.
func (x *exchange) fail(err error) { x.send(x.problem(err).answer()) }

// send writes an answer and gives its buffer back.
func (x *exchange) send(a *answer) {
	h := x.Header()
	for name, value := range a.header {
		h.Set(name, value)
	}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.etag != "" {
		h["Etag"] = x.header(1, a.etag)
	}
	if a.problem != nil {
		x.code, x.err = a.problem.Code, a.problem.cause
	} else if r := x.route; r != nil && r.Cache != "" && r.reads() && !x.personal() {
		h["Cache-Control"] = r.cache
	}
	if !a.mark.IsZero() {
		if token := x.edge.signer.token(join(x.marks, a.mark), x.edge.now()); token != "" {
			h.Set("X-Consistency-Token", token)
		}
	}
	if bodyless(a.status) {
		x.WriteHeader(a.status)
		x.edge.recycle(a)
		return
	}
	h["Content-Type"] = x.header(2, a.contentType)
	h["Content-Length"] = x.header(3, strconv.Itoa(len(a.body)))
	x.WriteHeader(a.status)
	c, _ := x.r.Context().Value(connKey{}).(*conn)
	if c != nil {
		c.join()
	}
	_, _ = x.Write(a.body) // the client is gone; there is nobody to tell
	if c != nil {
		c.part()
	}
	x.edge.recycle(a)
}
