package webhook

import (
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
)

// Patience is when a delivery is tried again: eight times over a day and a half.
var Patience = job.Backoff{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 18 * time.Hour}

// Status says how far a delivery has come.
type Status string

const (
	Pending   Status = "pending"
	Delivered Status = "delivered"
	Failed    Status = "failed" // it is not tried again by itself
)

// Delivery is one event on its way to one endpoint. Its ID stays the same however
// often it is sent: receivers tell repetitions by it.
type Delivery struct {
	ID       id.Delivery
	Endpoint id.Endpoint
	Event    Event
	Status   Status
	Attempts int
	NextAt   time.Time // when it is sent; zero once it has ended
	Answer   int       // HTTP status of the last attempt; 0: none came
	Problem  string    // what was wrong with the last attempt; "": nothing
	EndedAt  time.Time // of the last attempt; zero while it is pending
}

// NewDelivery puts an event on its way to an endpoint. Doing it again makes the
// same delivery.
func NewDelivery(e Event, to id.Endpoint) Delivery {
	return Delivery{
		ID: id.Delivery{UUID: e.ID.Derive(to.String())}, Endpoint: to, Event: e, Status: Pending, NextAt: e.At,
	}
}

// Arrive records that the receiver took it.
func (d *Delivery) Arrive(answer int, now time.Time) {
	d.Attempts++
	d.Status, d.Answer, d.Problem = Delivered, answer, ""
	d.NextAt, d.EndedAt = time.Time{}, now
}

// Fail records that the receiver did not take it: it is tried again, or has
// failed when patience is at its end. jitter is in [0, 1).
func (d *Delivery) Fail(answer int, problem string, patience job.Backoff, jitter float64, now time.Time) {
	d.Attempts++
	d.Answer, d.Problem = answer, problem
	verdict := patience.After(d.Attempts, jitter, problem)
	if verdict.IsDead() {
		d.Status, d.NextAt, d.EndedAt = Failed, time.Time{}, now
		return
	}
	d.NextAt = now.Add(verdict.After)
}

// Again puts a delivery back on its way, whatever became of it, as if it were new.
func (d *Delivery) Again(now time.Time) {
	d.Status, d.Attempts, d.NextAt, d.EndedAt = Pending, 0, now, time.Time{}
}

// Filter chooses deliveries of an endpoint, newest first; zero members ask nothing.
type Filter struct {
	Endpoint id.Endpoint
	Status   Status
	After    id.Delivery // what comes after this in that order
	Limit    int
}

// Work is an endpoint that somebody holds, with deliveries that are due.
type Work struct {
	Endpoint   Endpoint
	Deliveries []Delivery
	Held       time.Time // until then it is theirs
}

// Pause is how long an endpoint is left alone after nobody answered so many
// times in a row: ten seconds, doubled each time, at most ten minutes. None for 0.
func Pause(failures int) time.Duration {
	if failures == 0 {
		return 0
	}
	return min(10*time.Second<<min(failures-1, 10), 10*time.Minute)
}

// Message is a delivery as it goes out.
type Message struct {
	URL       string
	Delivery  id.Delivery
	Signature string
	Body      []byte
}
