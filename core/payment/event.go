package payment

import (
	"time"

	"github.com/bodega-commerce/bodega/core/id"
)

// Notice is what a provider's webhook claims to have happened. It is a reason to
// ask, never a state to believe.
type Notice struct {
	ID        string     // the provider's own, the same when it is sent again
	Type      string     // in the provider's words
	Payment   id.Payment // zero: it names none of ours
	Reference string     // the provider's own for the payment, where it does not name ours; not kept
}

// Event is a notice as it was received.
type Event struct {
	ID         id.Event
	Provider   string
	Notice     Notice
	Body       []byte // as it was sent
	ReceivedAt time.Time
	EndedAt    time.Time // when it was last worked off; zero: not yet
}

// MaxEventID is the most characters that a provider's id of an event may have.
const MaxEventID = 255

// EventFilter chooses events, oldest first.
type EventFilter struct {
	Provider string    // "": of all
	IDs      []string  // the provider's; empty: all
	From     time.Time // received at or after; zero: from the first
	Waiting  bool      // only those not yet worked off
	After    id.Event  // later ones; zero: from the first
	Limit    int
}
