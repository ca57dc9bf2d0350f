package ports

import (
	"context"
	"io"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/webhook"
)

// PaymentProvider moves money. Every method is idempotent by the payment's id
// (and, for Refund, the refund's): asking twice is asking once. A refusal is an
// ordinary State with status Failed, not an error. Unavailable says provably
// nothing happened, Unknown that the money may have moved.
type PaymentProvider interface {
	Authorizer
	Settler
}

// Authorizer begins payments and tells of them.
type Authorizer interface {
	// Authorize holds the money of a request. Conflict when the payment was
	// asked for before with another amount.
	Authorize(ctx context.Context, r payment.Request) (payment.State, error)
	// Lookup returns what the provider knows of a payment. NotFound if it was
	// never asked to authorize it.
	Lookup(ctx context.Context, p payment.Ref) (payment.State, error)
}

// Settler ends payments. What a payment's state forbids is Conflict, an amount
// that is not between nothing and what is left Invalid (amount_exceeds,
// currency_mismatch), a payment that was never asked for NotFound, except to
// Void; nothing happened then.
type Settler interface {
	// Capture takes held money, up to the amount held, and lets the rest go.
	Capture(ctx context.Context, p payment.Ref, amount money.Amount) (payment.State, error)
	// Void lets held money go. A payment that was never asked for is made
	// impossible: a later Authorize holds nothing and answers Canceled or Failed.
	Void(ctx context.Context, p payment.Ref) (payment.State, error)
	// Refund gives captured money back, never more than was captured; Invalid
	// says that it was not made and will not be. One that failed after it was
	// accepted stays failed: asking again under its id moves no money.
	Refund(ctx context.Context, p payment.Ref, r id.Refund, amount money.Amount) (payment.State, error)
}

// PaymentCompleter plays the shopper's part in a payment that requires action,
// for providers that only pretend.
type PaymentCompleter interface {
	// Complete ends the action. NotFound for an unknown payment, Conflict for
	// one that requires none.
	Complete(ctx context.Context, p id.Payment, ok bool) (payment.State, error)
}

// Notifier is a provider that tells of its payments by itself, by webhook.
type Notifier interface {
	// Notice reads what a webhook claims, once it is sure that the provider has
	// sent it: Malformed (webhook_signature_invalid) unless the signature among
	// its headers (header returns one by name, "" if there is none) fits the body,
	// bytes as they came, and the time. Malformed for what cannot be read.
	Notice(header func(name string) string, body []byte) (payment.Notice, error)
}

// Message is a mail. ID is its Message-ID without brackets: a receiver that
// sees it twice has seen it once.
type Message struct {
	ID      string
	To      string
	Subject string
	Text    string
	HTML    string // "" : text only
	At      time.Time
}

// Mailer sends mail.
type Mailer interface {
	// Send hands a message over. Sending the same ID again may deliver twice;
	// where a mailer can tell, it does not.
	Send(ctx context.Context, m Message) error
}

// Files keeps bytes under a name of letters, digits, dots, dashes and underscores
// between slashes; no part of it is empty or begins with a dot.
// What is under a name never changes: to change it, choose another name. A
// name's extension says what its content type is.
type Files interface {
	// Put stores all of r. Storing under a name that is there is a success and
	// changes nothing. Invalid for a bad name; an error of r comes back as it is
	// and leaves nothing behind.
	Put(ctx context.Context, name, contentType string, r io.Reader) error
	// Open returns the bytes; the caller closes them.
	Open(ctx context.Context, name string) (File, error)
	// Delete removes a name. One that is not there is ignored.
	Delete(ctx context.Context, name string) error
}

// File is an open file of the store.
type File struct {
	io.ReadSeekCloser
	ContentType string
	Size        int64
}

// Imager makes pictures fit to show.
type Imager interface {
	// Renditions decodes a JPEG, PNG or WebP picture of at most maxPixels, turns
	// it upright, drops everything but the pixels, and returns it encoded anew
	// in full and in every width below its own, widest first. Invalid for bytes
	// that are no such picture or too many pixels, decided before they are decoded.
	Renditions(ctx context.Context, picture []byte, maxPixels int, widths []int) ([]Rendition, error)
}

// Rendition is a picture in one size.
type Rendition struct {
	Width, Height int
	ContentType   string
	Extension     string // "jpg", "png"
	Bytes         []byte
}

// Cache keeps bytes for a while and may forget them at any time. Entries belong
// to generations; raising one makes all its entries stale at once.
type Cache interface {
	// Lookup returns the entry under a key, nil if there is none, and the
	// current state of the generations, in their order. An entry that has
	// reached its Keep, or whose own generations are not all as they were when
	// it was stored, is not returned. Nothing is ever under the empty key: it
	// asks for the generations alone.
	Lookup(ctx context.Context, key string, generations ...string) (*CacheEntry, []Generation, error)
	// Store keeps an entry that belongs to the generations seen. They are as
	// Lookup returned them before the value was read (or later, if the entry's
	// mark covers each After), so that a slow reader cannot put an old value back.
	Store(ctx context.Context, key string, e CacheEntry, seen []Generation) error
	// Raise makes all entries of the generations stale before it returns, and
	// asks readers to refill them with a state at or after the mark.
	Raise(ctx context.Context, at Mark, generations ...string) error
}

// CacheEntry is a cached value.
type CacheEntry struct {
	Value []byte
	At    Mark          // the state it was read at
	Born  time.Time     // when
	Cost  time.Duration // what reading it took, for early refresh
	Fresh time.Duration // after that somebody should refresh it
	Keep  time.Duration // after that it is gone
}

// Generation is the state of a generation: two with the same name and number
// are the same one. A cache that has lost its generations begins new ones.
type Generation struct {
	Name   string
	Number uint64
	After  Mark // a refill must be at or after this
}

// Limiter counts requests.
type Limiter interface {
	// Allow takes one request of a class for a key out of its rate, by the
	// generic cell rate algorithm (ITU-T I.371). A refused request takes nothing.
	// Invalid for a rate without requests or window.
	Allow(ctx context.Context, class Rate, key string) (Allowance, error)
}

// Rate is Requests per Window for each key, all of which may come at once.
type Rate struct {
	Class    string
	Requests int
	Window   time.Duration
}

// Allowance is what is left of a rate.
type Allowance struct {
	OK         bool
	Remaining  int
	Reset      time.Duration // until all of it is back, if no more come
	RetryAfter time.Duration // until the next request may come; 0 if OK
}

// WebhookSender carries deliveries to their receivers.
type WebhookSender interface {
	// Send posts a message and returns the HTTP status of the answer, whatever it
	// is. Errors say that there was none: Invalid for an address that is no
	// receiver's (it is within the shop's own network), Unavailable otherwise. It
	// takes a bounded time and follows no redirects.
	Send(ctx context.Context, m webhook.Message) (status int, err error)
}
