package jobs

import (
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/job"
)

// permanent says for every kind of failure whether trying again is pointless.
var permanent = map[fault.Kind]bool{
	fault.Malformed:       true,
	fault.Invalid:         true,
	fault.Unauthenticated: true,
	fault.Denied:          true,
	fault.NotFound:        true,
	fault.Exists:          true,
	fault.Exhausted:       true,
	fault.Gone:            true,
	fault.TooLarge:        true,
	fault.Declined:        true,

	fault.Internal:    false, // a bug may be one of timing
	fault.Conflict:    false, // the state may change
	fault.Stale:       false,
	fault.Throttled:   false,
	fault.Unavailable: false,
	fault.Unknown:     false, // handlers are idempotent
	fault.Canceled:    false,
}

// verdict says what becomes of a job after its attempt ended with err.
func verdict(err error, attempt int, jitter float64, patience job.Backoff) job.Verdict {
	switch {
	case err == nil:
		return job.Ack()
	case permanent[fault.KindOf(err)]:
		return job.Dead(err.Error())
	default:
		return patience.After(attempt, jitter, err.Error())
	}
}
