package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// Keys remembers what was asked and answered, per owner and operation.
// Checkout claims its own keys; for other operations the edge claims before the
// verb and remembers or releases after it. Nobody owns no keys: NotFound.
type Keys struct{ s *shared }

// Operations whose keys core itself claims.
const OperationCheckout = "checkout"

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
	return nil, notYet()
}

// Remember stores the answer under a finished or held key and returns the
// answer in force: the first one stored.
func (x *Keys) Remember(ctx context.Context, c RememberAnswer) (ports.Answer, error) {
	return ports.Answer{}, notYet()
}

// Release frees a held key at once, for what did not end in a final answer.
func (x *Keys) Release(ctx context.Context, c ReleaseKey) error {
	return notYet()
}

// DropOld deletes up to limit keys of more than 72 hours, and returns how many.
// It is the sweeper's.
func (x *Keys) DropOld(ctx context.Context, limit int) (int, error) {
	return 0, notYet()
}

func notYet() error { return fault.New(fault.Unavailable, "unavailable", "not yet") }
