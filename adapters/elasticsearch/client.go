package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

// object is JSON in the making.
type object = map[string]any

const jsonType, linesType = "application/json", "application/x-ndjson"

// call sends a request with a JSON body, if any, and reads the answer into an
// address, if any. An answer that is a refusal is a *refusal in the error's
// chain. Unavailable, Canceled, Internal.
func (e *Engine) call(ctx context.Context, c connections, method, path string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = encode(body); err != nil {
			return err
		}
	}
	return e.send(ctx, c, method, path, jsonType, text, into)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fault.Wrap(fault.Internal, "elasticsearch", err)
	}
	return b.Bytes(), nil
}

func (e *Engine) send(ctx context.Context, c connections, method, path, kind string, body []byte, into any) error {
	if err := ctx.Err(); err != nil {
		return e.failed(ctx, err)
	}
	var text io.Reader
	if body != nil {
		text = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, path, text)
	if err != nil {
		return fault.Wrap(fault.Internal, "elasticsearch", err)
	}
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := c.Perform(r)
	if err != nil {
		return e.failed(ctx, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= 300 {
		return e.failed(ctx, readRefusal(answer))
	}
	if into == nil {
		_, err = io.Copy(io.Discard, answer.Body) // so that the connection is used again
	} else {
		var read []byte
		if read, err = io.ReadAll(answer.Body); err == nil {
			if err := json.Unmarshal(read, into); err != nil {
				return fault.Wrap(fault.Internal, "elasticsearch", err)
			}
		}
	}
	if err != nil {
		return e.failed(ctx, err)
	}
	return nil
}

// errTooSlow is the cause of a context that ends because of our own limit.
var errTooSlow = errors.New("no answer in time")

// within limits what may be waited for. What is cut short by it is Unavailable,
// what is cut short by the caller Canceled.
func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errTooSlow)
}

// failed says what a failure means.
func (e *Engine) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		if cause := context.Cause(ctx); !errors.Is(cause, errTooSlow) && e.life.Err() == nil {
			return fault.Wrap(fault.Canceled, "elasticsearch", err)
		}
		return fault.Wrap(fault.Unavailable, "elasticsearch", errors.Join(errTooSlow, err))
	}
	if r, ok := errors.AsType[*refusal](err); ok && !r.passing() {
		return fault.Wrap(fault.Internal, "elasticsearch", err)
	}
	return fault.Wrap(fault.Unavailable, "elasticsearch", err)
}

// refusal is an answer of the engine that is not what was asked for.
type refusal struct {
	status int
	kind   string // the engine's name of the error
	reason string // for logs only
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.kind, r.reason) }

// passing reports whether the same request may be answered later.
func (r *refusal) passing() bool {
	switch r.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusNotFound, http.StatusRequestTimeout:
		return true
	}
	return r.status >= 500
}

func readRefusal(answer *http.Response) *refusal {
	r := &refusal{status: answer.StatusCode}
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	var told struct {
		Error struct {
			Type, Reason string
			Root         []struct{ Reason string } `json:"root_cause"`
		}
	}
	if json.Unmarshal(text, &told) == nil {
		r.kind, r.reason = told.Error.Type, told.Error.Reason
		if len(told.Error.Root) > 0 {
			r.reason = told.Error.Root[0].Reason
		}
	}
	return r
}

// refusedAs reports whether the engine refused with this status, and of this
// kind unless it is "".
func refusedAs(err error, status int, kind string) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.status == status && (kind == "" || r.kind == kind)
}

// pause waits, or says that the caller does not any more.
func (e *Engine) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return e.failed(ctx, ctx.Err())
	case <-e.life.Done():
		return fault.Wrap(fault.Unavailable, "elasticsearch", e.life.Err())
	}
}

// inBackground runs a short piece of work that nobody waits for.
func (e *Engine) inBackground(work func(ctx context.Context)) {
	if e.life.Err() != nil {
		return
	}
	e.behind.Go(func() {
		ctx, cancel := within(e.life, 10*time.Second)
		defer cancel()
		work(ctx)
	})
}
