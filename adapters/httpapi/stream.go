package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core/fault"
)

// registerStream adds an operation that writes bytes itself. An error returned
// before anything is written is answered like any other; after that the
// connection is cut, so that half an answer cannot pass for a whole one. One
// with a negative Deadline may take as long as its bytes keep moving at a
// minimum rate; if it has a Silence, too, it must always have something to write
// within that time.
func registerStream[I any](e *edge, op operation, handle func(context.Context, *I, http.ResponseWriter, *http.Request) error) {
	if op.Status == 0 {
		op.Status = http.StatusOK
	}
	op.Key = keyIgnored
	success := &huma.Response{Description: http.StatusText(op.Status)}
	if op.Produces != "" {
		success.Content = map[string]*huma.MediaType{op.Produces: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	}
	r := newRoute[I](e, op)
	add(r, success, func(ctx context.Context, x *exchange, in *I) {
		w := http.ResponseWriter(x)
		if op.Silence > 0 {
			ctx, w = speaking(ctx, w, op.Silence)
		}
		err := handle(ctx, in, w, x.r)
		if err != nil && errors.Is(context.Cause(ctx), errSilent) {
			err = fault.Wrap(fault.Unavailable, "httpapi: stream", errSilent)
		}
		switch {
		case err == nil:
		case x.status == 0:
			x.Header().Del("Content-Encoding")
			x.fail(err)
		default:
			x.err = err
			panic(http.ErrAbortHandler)
		}
	})
}

// upload is a body that has arrived.
type upload interface {
	// sent is what an Idempotency-Key remembers of it, as JSON.
	sent() any
	// drop lets go of it, unless it was taken over.
	drop()
}

// registerUpload adds an operation with a Request, in two steps: receive takes
// the body in, and handle, which a repeated Idempotency-Key spares, does
// something about it.
func registerUpload[I any, U upload, T any](e *edge, op operation, receive func(context.Context, *I) (U, error), handle func(context.Context, *I, U) (*reply[T], error)) {
	r, success := declare[I, T](e, op)
	add(r, success, func(ctx context.Context, x *exchange, in *I) {
		got, err := receive(ctx, in)
		if err != nil {
			x.send(x.problem(err).answer())
			return
		}
		defer got.drop()
		run := func(ctx context.Context) *answer {
			rep, err := handle(ctx, in, got)
			if err != nil {
				return x.problem(err).answer()
			}
			return render(r, x, rep)
		}
		if x.key.Key == "" {
			x.send(run(ctx))
			return
		}
		x.send(r.once(ctx, x, []any{in, got.sent()}, run))
	})
}

// uploaded returns the body of an operation with a Request, up to its MaxBody.
// Reading on answers body_too_large.
func uploaded(ctx context.Context) io.Reader {
	x := exchangeOf(ctx)
	return http.MaxBytesReader(x, x.r.Body, x.route.MaxBody)
}

// uploadError says why a body could not be read to its end.
func uploadError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, "body_too_large", "the body is larger than this operation accepts")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return newProblem(http.StatusRequestTimeout, "request_timeout", "the body did not arrive in time")
	}
	return newProblem(http.StatusBadRequest, "malformed_json", "the body broke off")
}

var errSilent = errors.New("there was nothing to write for too long")

// speaking ends ctx with errSilent when nothing has been written for so long. The
// time that a client takes does not count.
func speaking(ctx context.Context, w http.ResponseWriter, silence time.Duration) (context.Context, http.ResponseWriter) {
	ctx, end := context.WithCancelCause(ctx)
	timer := time.AfterFunc(silence, func() { end(errSilent) })
	context.AfterFunc(ctx, func() { timer.Stop() }) // the request is over
	return ctx, &speaker{w, timer, silence}
}

type speaker struct {
	http.ResponseWriter
	timer   *time.Timer
	silence time.Duration
}

func (s *speaker) Write(b []byte) (int, error) {
	s.timer.Stop()
	defer s.timer.Reset(s.silence)
	return s.ResponseWriter.Write(b)
}

func (s *speaker) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// What a stream must keep up with: a start, and then a rate.
const (
	paceGrace = 30 * time.Second
	paceRate  = 16 << 10 // bytes a second
)

// pace replaces the server's limits on the whole of a request and its answer,
// which no large one can meet, by a minimum rate of each. Only the time spent
// waiting for the client counts.
func (x *exchange) pace() {
	rc := http.NewResponseController(x.ResponseWriter)
	x.ResponseWriter = &pacedWriter{x.ResponseWriter, pacer{set: rc.SetWriteDeadline}}
	x.r.Body = &pacedBody{x.r.Body, pacer{set: x.SetReadDeadline}, nil}
}

type pacer struct {
	bytes  int64
	waited time.Duration
	set    func(time.Time) error
}

// move lets some bytes through, by the time a client of the minimum rate would
// have taken for all of them.
func (p *pacer) move(move func([]byte) (int, error), b []byte) (int, error) {
	began := time.Now()
	left := paceGrace + time.Duration(p.bytes)*time.Second/paceRate - p.waited
	_ = p.set(began.Add(left)) // a recorder in tests has no deadlines
	n, err := move(b)
	p.bytes += int64(n)
	p.waited += time.Since(began)
	return n, err
}

type pacedWriter struct {
	http.ResponseWriter
	pacer pacer
}

func (w *pacedWriter) WriteHeader(status int) {
	_ = w.pacer.set(time.Now().Add(paceGrace)) // as above
	w.ResponseWriter.WriteHeader(status)
}

func (w *pacedWriter) Write(b []byte) (int, error) { return w.pacer.move(w.ResponseWriter.Write, b) }

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type pacedBody struct {
	io.ReadCloser
	pacer pacer
	end   error
}

func (r *pacedBody) Read(b []byte) (n int, err error) {
	if r.end == nil {
		n, r.end = r.pacer.move(r.ReadCloser.Read, b)
	}
	return n, r.end
}
