package rabbitmq

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
)

// The headers of a job beside its envelope. All may be missing: programs of
// others publish too.
const (
	traceHeader   = "traceparent"
	attemptHeader = "x-attempt" // which attempt this delivery is for
	waitHeader    = "x-wait"    // milliseconds to wait after this delivery
	errorHeader   = "x-last-error"
	countHeader   = "x-delivery-count" // the broker's: how often it took the job back
)

// maxReason is how much of an error travels with a job.
const maxReason = 1024

// first returns the message of a job that nobody has tried.
func first(e job.Envelope) message { return message{jobsExchange, e.Task, publishing(e, 1, 0, "")} }

// publishing returns a job as it travels: the envelope as its body, and in the
// properties what tools show.
func publishing(e job.Envelope, attempt int, wait time.Duration, reason string) amqp.Publishing {
	headers := amqp.Table{attemptHeader: int64(attempt)}
	if wait > 0 {
		headers[waitHeader] = (wait + time.Millisecond - 1).Milliseconds()
	}
	if reason != "" {
		headers[errorHeader] = clean(reason, maxReason)
	}
	if parent := traceparent(e); parent != "" {
		headers[traceHeader] = parent
	}
	return amqp.Publishing{
		ContentType: amqp.MimeApplicationJSON, DeliveryMode: amqp.Persistent,
		MessageId: e.ID.String(), Type: e.Task, Timestamp: e.CreatedAt, AppId: "bodega",
		Headers: headers, Body: encode(e),
	}
}

// encode writes an envelope, its payload byte for byte as it is but for space.
func encode(e job.Envelope) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return []byte("null") // a payload that is no JSON: whoever receives it finds it dead
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// traceparent is the W3C header of a job's trace; the job itself is the parent
// of what is done about it.
func traceparent(e job.Envelope) string {
	if raw, err := hex.DecodeString(e.TraceID); err != nil || len(raw) != 16 {
		return ""
	}
	return "00-" + e.TraceID + "-" + hex.EncodeToString(e.ID.UUID[8:]) + "-01"
}

// decode reads the body of a message, whoever published it. What it refuses is
// dead, for the reason it returns.
func decode(body []byte) (job.Envelope, error) {
	var e struct {
		Task      string          `json:"task_name"`
		ID        string          `json:"job_id"`
		Payload   json.RawMessage `json:"payload"`
		CreatedAt time.Time       `json:"created_at"`
		TraceID   string          `json:"trace_id"`
	}
	// No store keeps NUL in text or JSON; better now than when it is written.
	if !utf8.Valid(body) || bytes.Contains(body, []byte(`\u0000`)) {
		return job.Envelope{}, errors.New("the message is not UTF-8 without NUL")
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return job.Envelope{}, fmt.Errorf("the message is not an envelope: %w", err)
	}
	if e.CreatedAt.IsZero() {
		e.CreatedAt = now()
	}
	uuid, ok := id.Parse(e.ID)
	year := e.CreatedAt.UTC().Year()
	switch {
	case e.Task == "" || len(e.Task) > 255:
		return job.Envelope{}, errors.New("task_name is missing")
	case !ok || uuid.IsZero():
		return job.Envelope{}, errors.New("job_id is not a UUID")
	case len(e.Payload) == 0:
		return job.Envelope{}, errors.New("payload is missing")
	case year < 1970 || year > 9999:
		return job.Envelope{}, errors.New("created_at is in no year of ours")
	}
	if raw, err := hex.DecodeString(e.TraceID); err != nil || len(raw) != 16 {
		e.TraceID = ""
	}
	return job.Envelope{
		Task: e.Task, ID: id.Job{UUID: uuid}, Payload: e.Payload,
		CreatedAt: e.CreatedAt.UTC().Truncate(time.Microsecond), TraceID: e.TraceID,
	}, nil
}

// attempt returns which attempt a delivery is: what we counted, and how often
// the broker had to take it back from a consumer that did not answer.
func attempt(headers amqp.Table) int {
	return int(min(max(number(headers, attemptHeader), 1)+max(number(headers, countHeader), 0), 1000))
}

// waiting returns how long a delivery still has to wait.
func waiting(headers amqp.Table) time.Duration {
	const longest = 30 * 24 * time.Hour // nobody waits longer for a header that went wrong
	return time.Duration(min(max(number(headers, waitHeader), 0), longest.Milliseconds())) * time.Millisecond
}

// number reads a header, 0 unless it is a whole number of any size.
func number(headers amqp.Table, name string) int64 {
	switch n := headers[name].(type) {
	case int64:
		return n
	case int32:
		return int64(n)
	case int16:
		return int64(n)
	case int8:
		return int64(n)
	case byte:
		return int64(n)
	case uint16:
		return int64(n)
	case uint32:
		return int64(n)
	default:
		return 0
	}
}

// clean makes text of bytes from outside: valid, without NUL, at most size long.
func clean(s string, size int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= size {
		return s
	}
	for size > 0 && !utf8.RuneStart(s[size]) {
		size--
	}
	return s[:size]
}
