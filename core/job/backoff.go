package job

import "time"

// Backoff is how long a job waits after each failed attempt; after the last
// wait it is dead. Each wait is stretched by up to a fifth, so that what failed
// together does not come back together.
type Backoff []time.Duration

// Patience is the default: four retries over 36 minutes.
var Patience = Backoff{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}

// After returns the verdict on a failed attempt (1 is the first). jitter is in
// [0, 1).
func (b Backoff) After(attempt int, jitter float64, reason string) Verdict {
	if attempt > len(b) {
		return Dead(reason)
	}
	wait := b[max(attempt, 1)-1]
	return Retry(wait+time.Duration(jitter*float64(wait)/5), reason)
}
