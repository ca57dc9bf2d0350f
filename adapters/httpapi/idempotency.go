package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// keyUse says what an operation does with an Idempotency-Key.
type keyUse uint8

const (
	keyDefault  keyUse = iota // accepted on POST from a known owner
	keyRequired               // and required
	keyOfVerb                 // required; the verb claims it, and finishes it with its effect
	keyIgnored                // the answer carries a secret, or the caller is known by his signature
)

// keyLease is how long a crashed request keeps its key.
const keyLease = 60 * time.Second

// keyOf reads the header: 1 to 255 printable ASCII characters, bare or quoted
// (RFC 9651 §3.3.3).
func keyOf(h http.Header) (string, error) {
	lines := h["Idempotency-Key"]
	if len(lines) == 0 {
		return "", nil
	}
	refused := newProblem(http.StatusBadRequest, "idempotency_key_invalid", "the Idempotency-Key must be 1 to 255 printable ASCII characters, bare or quoted")
	key := lines[0]
	if strings.HasPrefix(key, `"`) {
		var ok bool
		if key, ok = unquote(key); !ok {
			return "", refused
		}
	}
	if len(lines) > 1 || key == "" || len(key) > 255 {
		return "", refused
	}
	for i := range len(key) {
		if key[i] < 0x20 || key[i] > 0x7e {
			return "", refused
		}
	}
	return key, nil
}

func unquote(s string) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), i == len(s)-1
		case '\\':
			if i++; i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", false
}

// takeKey decides whether the request uses a key.
func (r *route) takeKey(x *exchange) error {
	if r.Key == keyIgnored {
		return nil
	}
	key, err := keyOf(x.r.Header)
	if err != nil {
		return err
	}
	owner := x.owner()
	switch {
	case key == "" && r.Key != keyDefault:
		return newProblem(http.StatusBadRequest, "idempotency_key_missing", "this operation needs an Idempotency-Key")
	case key != "" && owner != "" && r.edge.opts.Keys != nil:
		x.key = ports.KeyRef{Owner: owner, Operation: r.ID, Key: key}
	}
	return nil
}

// claimed returns the key of a request whose verb claims it (keyOfVerb), and
// the fingerprint of what was asked. The key is "" when its owner is nobody.
func claimed(ctx context.Context) (ports.KeyRef, [32]byte) {
	x := exchangeOf(ctx)
	return x.key, x.fingerprint
}

// requested names a request with a key, in the same way each time it is sent: a
// server that dies between effect and answer leaves a key without an answer, and
// whoever goes on from there must find what was done. "" without a key.
func requested(ctx context.Context) string {
	x := exchangeOf(ctx)
	if x.key.Key == "" {
		return ""
	}
	return fmt.Sprintf("%s %s %x %s", x.key.Owner, x.key.Operation, x.fingerprint, x.key.Key)
}

// fingerprint is of the path and the body as it was understood: neither the
// order of its members nor its white space make it another.
func fingerprint(path string, body any) ([32]byte, error) {
	h := sha256.New()
	h.Write([]byte(path + "\n")) // a hash.Hash never fails
	if err := json.NewEncoder(h).Encode(body); err != nil {
		return [32]byte{}, err
	}
	return [32]byte(h.Sum(nil)), nil
}

// once runs an operation under the request's key: a key that was finished
// repeats its answer, a final answer finishes the key, anything else gives it
// back.
func (r *route) once(ctx context.Context, x *exchange, body any, run func(context.Context) *answer) *answer {
	var err error
	if x.fingerprint, err = fingerprint(x.r.URL.Path, body); err != nil {
		return x.problem(err).answer()
	}
	keys := r.edge.opts.Keys
	if r.Key != keyOfVerb {
		found, err := keys.Claim(ctx, ports.Claim{KeyRef: x.key, Fingerprint: x.fingerprint, Now: r.edge.now(), Lease: keyLease})
		if err == nil {
			err = claimProblem(found)
		}
		switch {
		case err != nil:
			return x.problem(err).answer()
		case found.Answer != nil:
			return replay(*found.Answer)
		}
	}
	a := run(ctx)
	// The effect has happened: the client's going away must not keep the answer
	// from being stored.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	switch {
	case a.replayed:
		return a
	case a.final():
		inForce, err := keys.Remember(ctx, x.key, ports.Answer{Status: a.status, Header: a.kept(), Body: append([]byte(nil), a.body...)})
		if err != nil {
			r.edge.log.LogAttrs(ctx, slog.LevelWarn, "answer not stored", slog.String("request_id", x.requestID), slog.Any("error", err))
			return a
		}
		if !bytes.Equal(inForce.Body, a.body) { // another was first
			r.edge.recycle(a)
			return replay(inForce)
		}
	case r.Key != keyOfVerb:
		if err := keys.Release(ctx, x.key); err != nil {
			r.edge.log.LogAttrs(ctx, slog.LevelWarn, "key not released", slog.String("request_id", x.requestID), slog.Any("error", err))
		}
	}
	return a
}

// claimProblem returns why a claimed key cannot be used; nil when it can, or
// when there is an answer to repeat.
func claimProblem(c ports.Claimed) error {
	switch c.State {
	case ports.ClaimInProgress:
		return fault.New(fault.Conflict, "idempotency_in_progress", "a request with this Idempotency-Key is being worked on")
	case ports.ClaimOther:
		return fault.New(fault.Invalid, "idempotency_key_reused", "this Idempotency-Key was used for another request")
	case ports.ClaimFinished:
		if c.Answer == nil {
			return fault.New(fault.Internal, "", "a key was finished without an answer")
		}
	case ports.ClaimNew, ports.ClaimContinued:
	}
	return nil
}

// final reports whether an answer ends its key.
func (a *answer) final() bool {
	if a.problem == nil {
		return a.status >= 200 && a.status < 300
	}
	switch a.problem.Code {
	case "out_of_stock", "price_changed", "coupon_exhausted", "cart_already_ordered":
		return true
	}
	return a.status == http.StatusPaymentRequired
}

// kept returns the headers that a replay repeats.
func (a *answer) kept() map[string]string {
	h := map[string]string{"Content-Type": a.contentType}
	if a.location != "" {
		h["Location"] = a.location
	}
	if a.etag != "" {
		h["ETag"] = a.etag
	}
	return h
}

// replay repeats an earlier answer.
func replay(stored ports.Answer) *answer {
	return &answer{
		status: stored.Status, contentType: stored.Header["Content-Type"], location: stored.Header["Location"], etag: stored.Header["ETag"],
		body: stored.Body, header: map[string]string{"Idempotent-Replayed": "true"}, replayed: true,
	}
}
