package job

import (
	"encoding/json"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
)

// Envelope is a job as it travels, in the outbox and on a broker. Its JSON has
// exactly these members.
type Envelope struct {
	Task      string          `json:"task_name"`
	ID        id.Job          `json:"job_id"`
	Payload   json.RawMessage `json:"payload"`
	CreatedAt time.Time       `json:"created_at"`
	TraceID   string          `json:"trace_id"` // 32 hex digits, "" outside a trace
}

// Delivery is a job handed to a handler.
type Delivery struct {
	Envelope
	Attempt int // 1 the first time
}

// Verdict says what becomes of a delivery.
type Verdict struct {
	kind   verdict
	After  time.Duration // for a retry: not before this
	Reason string        // for a retry or a dead letter: why
}

type verdict uint8

const (
	ack verdict = iota
	retry
	dead
)

// Ack says the job is done, or was done before.
func Ack() Verdict { return Verdict{} }

// Retry says try again, not before after has passed.
func Retry(after time.Duration, reason string) Verdict {
	return Verdict{kind: retry, After: after, Reason: reason}
}

// Dead says never again without an operator.
func Dead(reason string) Verdict { return Verdict{kind: dead, Reason: reason} }

// IsAck, IsRetry and IsDead tell verdicts apart.
func (v Verdict) IsAck() bool   { return v.kind == ack }
func (v Verdict) IsRetry() bool { return v.kind == retry }
func (v Verdict) IsDead() bool  { return v.kind == dead }
