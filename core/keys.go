package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// Keys remembers what was asked and answered, per owner and operation.
// Checkout claims its own keys; for other operations the edge claims before the
// verb and remembers or releases after it. Nobody owns no keys: NotFound.
type Keys struct{ s *shared }

// OperationCheckout is the operation whose keys core itself claims.
const OperationCheckout = "checkout"

const (
	// keyLease is how long a key is held without being settled or released: well
	// over the time any request may take, so that it only ends for the dead.
	keyLease = time.Minute
	keyLife  = 72 * time.Hour
)

// ClaimKey claims a key for an operation about to be done.
type ClaimKey struct {
	By          account.Actor
	Operation   string
	Key         string
	Fingerprint [32]byte // SHA-256 of what was asked: path and canonical body
}

// RememberAnswer stores what is about to be sent.
type RememberAnswer struct {
	By        account.Actor
	Operation string
	Key       string
	Answer    ports.Answer
}

// ReleaseKey frees a claimed key without an answer.
type ReleaseKey struct {
	By        account.Actor
	Operation string
	Key       string
}

// Claim takes a key, for a minute. A nil answer: the caller is to act, then to
// Remember or Release. Else: what was answered the first time. Malformed
// (idempotency_key_missing, idempotency_key_invalid), Invalid
// (idempotency_key_reused) for another fingerprint, Conflict
// (idempotency_in_progress) while somebody else holds it.
func (x *Keys) Claim(ctx context.Context, c ClaimKey) (*ports.Answer, error) {
	k, err := keyOf(c.By, c.Operation, c.Key)
	if err != nil {
		return nil, err
	}
	claimed, err := x.s.claim(ctx, k, c.Fingerprint)
	return claimed.Answer, err
}

// Remember stores the answer under a finished or held key and returns the
// answer in force: the first one stored.
func (x *Keys) Remember(ctx context.Context, c RememberAnswer) (ports.Answer, error) {
	k, err := keyOf(c.By, c.Operation, c.Key)
	if err != nil {
		return ports.Answer{}, err
	}
	return x.s.Orders.Keys.Remember(ctx, k, c.Answer)
}

// Release gives a held key back, for what did not end in a final answer: unless
// it has got to an order, it may be used for something else.
func (x *Keys) Release(ctx context.Context, c ReleaseKey) error {
	k, err := keyOf(c.By, c.Operation, c.Key)
	if err != nil {
		return err
	}
	return x.s.Orders.Keys.Release(ctx, k)
}

// DropOld deletes up to limit keys of more than 72 hours, and returns how many.
// It is the sweeper's.
func (x *Keys) DropOld(ctx context.Context, limit int) (int, error) {
	return x.s.Orders.Expired.DropOldKeys(ctx, x.s.Now().Add(-keyLife), limit)
}

// keyOf names an actor's key. NotFound for nobody, Malformed unless the key has
// 1 to 255 printable ASCII characters.
func keyOf(by account.Actor, operation, key string) (ports.KeyRef, error) {
	if by.IsNobody() {
		return ports.KeyRef{}, fault.Missing("idempotency key")
	}
	if key == "" {
		return ports.KeyRef{}, fault.New(fault.Malformed, "idempotency_key_missing", "an Idempotency-Key is needed")
	}
	if len(key) > 255 {
		return ports.KeyRef{}, fault.New(fault.Malformed, "idempotency_key_invalid", "an Idempotency-Key has at most 255 characters")
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' {
			return ports.KeyRef{}, fault.New(fault.Malformed, "idempotency_key_invalid", "an Idempotency-Key has printable ASCII characters only")
		}
	}
	return ports.KeyRef{Owner: by.Owner(), Operation: operation, Key: key}, nil
}

// claim takes a key; what it returns without an error is the caller's to do, or
// finished.
func (s *shared) claim(ctx context.Context, k ports.KeyRef, fingerprint [32]byte) (ports.Claimed, error) {
	claimed, err := s.Orders.Keys.Claim(ctx, ports.Claim{KeyRef: k, Fingerprint: fingerprint, Now: s.Now(), Lease: keyLease})
	if err == nil {
		err = refused(claimed)
	}
	return claimed, err
}

// claimWithCart takes a key for something to be done with a cart of the actor's,
// and reads that on the way. Any other cart is NotFound, and its key nobody's.
func (s *shared) claimWithCart(ctx context.Context, by account.Actor, k ports.KeyRef, fingerprint [32]byte, c id.Cart) (ports.Claimed, error) {
	claimed, err := s.Orders.Keys.Claim(ctx, ports.Claim{KeyRef: k, Fingerprint: fingerprint, Now: s.Now(), Lease: keyLease, Cart: c})
	if err != nil {
		return ports.Claimed{}, err
	}
	refusal := refused(claimed)
	if !claimed.Cart.OwnedBy(by) {
		if refusal == nil {
			_ = s.Orders.Keys.Release(context.WithoutCancel(ctx), k) // else its lease ends
		}
		return ports.Claimed{}, fault.Missing("cart")
	}
	return claimed, refusal
}

// refused says why a claim leaves its caller nothing to do.
func refused(claimed ports.Claimed) error {
	switch claimed.State {
	case ports.ClaimOther:
		return fault.New(fault.Invalid, "idempotency_key_reused", "this Idempotency-Key was used for another request")
	case ports.ClaimInProgress:
		return inProgress()
	default:
		return nil
	}
}

func inProgress() error {
	return fault.New(fault.Conflict, "idempotency_in_progress", "a request with this Idempotency-Key is being worked on")
}

// idOn returns an id for what a request makes. One that has a name (its owner, its
// operation and its key) makes the same however often it is sent, so that the
// server which goes on where another died finds what that had made.
func (s *shared) idOn(request, kind string) id.UUID {
	if request == "" {
		return s.ids.New()
	}
	return id.UUID{}.Derive(kind + " on request " + request)
}
