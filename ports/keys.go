package ports

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/id"
)

// KeyRef names an idempotency key: keys of different owners or operations are
// different keys.
type KeyRef struct {
	Owner     string // account.Actor.Owner
	Operation string // "checkout"
	Key       string // what the client sent
}

// Claim is a wish to be the one who does what the key stands for.
type Claim struct {
	KeyRef
	Fingerprint [32]byte // of what was asked
	Now         time.Time
	Lease       time.Duration // after that another claim may take over
	Cart        id.Cart       // what it is about, to be read along; zero: nothing
}

// Claimed is what a claim found.
type Claimed struct {
	State ClaimState
	// Order is what an earlier holder of the key got to; zero: nothing yet.
	Order id.Order
	// Outcome is what the effect's transaction stored; nil: not finished.
	Outcome []byte
	// Answer is what was sent; nil: it was not yet stored.
	Answer *Answer
	// Cart is the one that was asked for, as it is on the primary.
	Cart cart.Cart
}

// ClaimState says what a claim found.
type ClaimState uint8

const (
	ClaimNew        ClaimState = iota // the key is the caller's now
	ClaimContinued                    // an earlier holder's lease ran out, or it released the key: go on from Order
	ClaimFinished                     // it was done: replay Answer, or render Outcome
	ClaimInProgress                   // somebody else holds it
	ClaimOther                        // the key was used for something else
)

// Answer is what a client was told, to be repeated byte for byte.
type Answer struct {
	Status int
	Header map[string]string // Content-Type, Location, ETag
	Body   []byte
}

// Keys remembers what was asked and answered. Each method is a short
// transaction of its own.
type Keys interface {
	// Claim takes the key or tells who has it. NotFound if the cart it is about is
	// not there: nothing is claimed then.
	Claim(ctx context.Context, c Claim) (Claimed, error)
	// Remember stores the answer of a finished or held key, first writer wins,
	// and returns the answer in force.
	Remember(ctx context.Context, k KeyRef, a Answer) (Answer, error)
	// Release gives a held key back without an outcome. Nothing is remembered of
	// one that has got to no order: it may be used for something else at once. One
	// that has goes on with the same request. A finished key stays.
	Release(ctx context.Context, k KeyRef) error
}

// KeyWriter moves keys along within the transaction of the effect.
type KeyWriter interface {
	// Attach records which order a held key is about. A finished key stays as it is.
	Attach(ctx context.Context, k KeyRef, o id.Order) error
	// Settle finishes a key with its outcome. A key that is finished stays as it
	// is; one that is not there is ignored.
	Settle(ctx context.Context, k KeyRef, o id.Order, outcome []byte) error
	// SettleOrder finishes the key attached to an order, if there is one that is
	// not finished: for whoever ends a checkout in its caller's place.
	SettleOrder(ctx context.Context, o id.Order, outcome []byte) error
}
