package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

const problemType = "application/problem+json"

// Problem is a failure as clients see it (RFC 9457). Code is what they branch
// on; members of its own stand beside these for some codes.
type Problem struct {
	Type      string       `json:"type" doc:"urn:bodega:problem: and the code"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Code      string       `json:"code" doc:"What went wrong, stable for programs."`
	Detail    string       `json:"detail" doc:"What went wrong, for people."`
	RequestID string       `json:"request_id" doc:"Names this request in the shop's logs."`
	Errors    []FieldError `json:"errors,omitempty" doc:"What is wrong with the input."`

	members    any           // the code's own members, a struct with JSON tags
	retryAfter time.Duration // 0: trying again will not help
	allow      string        // the methods of a 405
	cause      error         // for the log only
}

// FieldError is one thing wrong with the input.
type FieldError struct {
	Location string `json:"location" doc:"For example body.lines[0].quantity, query.page, path.sku, header.If-Match."`
	Code     string `json:"code" doc:"required, type, enum, pattern, too_small, too_large, too_long, unknown_field, unknown_reference or duplicate."`
	Message  string `json:"message"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// Unwrap keeps the cause in reach of errors.As.
func (p *Problem) Unwrap() error { return p.cause }

// newProblem returns a problem of the edge's own making.
func newProblem(status int, code, detail string) *Problem {
	return &Problem{Type: "urn:bodega:problem:" + code, Title: title(code), Status: status, Code: code, Detail: detail}
}

// invalid returns validation_failed.
func invalid(fields ...FieldError) *Problem {
	p := newProblem(http.StatusUnprocessableEntity, "validation_failed", "the request is not valid")
	p.Errors = fields
	return p
}

// title makes "out of stock" of out_of_stock.
func title(code string) string {
	words := strings.ReplaceAll(code, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// kindAnswer says how a kind is answered: its status, the code of an error that
// names none, and the detail of one that has none.
func kindAnswer(k fault.Kind) (status int, code, detail string) {
	switch k {
	case fault.Malformed:
		return http.StatusBadRequest, "malformed_json", "the request cannot be read"
	case fault.Invalid:
		return http.StatusUnprocessableEntity, "validation_failed", "the request is not valid"
	case fault.Unauthenticated:
		return http.StatusUnauthorized, "unauthenticated", "this needs a valid session or API key"
	case fault.Denied:
		return http.StatusForbidden, "permission_denied", "this is not permitted"
	case fault.NotFound:
		return http.StatusNotFound, "not_found", "there is no such thing"
	case fault.Exists:
		return http.StatusConflict, "already_exists", "it is already there"
	case fault.Conflict:
		return http.StatusConflict, "in_use", "the state of things does not allow this"
	case fault.Exhausted:
		return http.StatusConflict, "out_of_stock", "there is not enough left"
	case fault.Stale:
		return http.StatusPreconditionFailed, "version_conflict", "it was changed meanwhile"
	case fault.Gone:
		return http.StatusGone, "token_expired", "this has expired"
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge, "body_too_large", "there is more data than is accepted"
	case fault.Declined:
		return http.StatusPaymentRequired, "payment_declined", "the payment was declined"
	case fault.Throttled:
		return http.StatusTooManyRequests, "rate_limited", "too many requests; try again later"
	case fault.Unavailable, fault.Unknown, fault.Canceled:
		return http.StatusServiceUnavailable, "unavailable", "this cannot be answered right now; try again shortly"
	case fault.Internal:
	}
	return http.StatusInternalServerError, "internal", "something went wrong on this side; name the request_id when you report it"
}

// problemOf translates any error. What is not a fault, and every internal one,
// gets a fixed text: nothing of it reaches the client.
func problemOf(err error, locate func(string) string) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case ok:
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		f = &fault.Error{Kind: fault.Canceled}
	default:
		f = &fault.Error{Kind: fault.Internal}
	}
	status, code, detail := kindAnswer(f.Kind)
	p := newProblem(status, code, detail)
	p.cause = err
	if status == http.StatusInternalServerError {
		return p
	}
	if f.Code != "" && f.Code != code {
		p.Code, p.Title, p.Type = f.Code, title(f.Code), "urn:bodega:problem:"+f.Code
	}
	if f.Detail != "" {
		p.Detail = f.Detail
	}
	for _, x := range f.Fields {
		p.Errors = append(p.Errors, FieldError{Location: locate(x.Location), Code: x.Code, Message: x.Message})
	}
	p.members = members(f.Data)
	p.retryAfter = retryAfter(p)
	return p
}

// retryAfter is how long a client should wait where waiting helps.
func retryAfter(p *Problem) time.Duration {
	switch {
	case p.Status == http.StatusServiceUnavailable:
		return 2 * time.Second
	case p.Status == http.StatusTooManyRequests, p.Code == "idempotency_in_progress":
		return time.Second
	}
	return 0
}

// members renders the Data of an error, one case for each documented type.
func members(data any) any {
	switch d := data.(type) {
	case fault.Resource:
		return struct {
			Resource string `json:"resource"`
		}{d.Resource}
	case fault.Taken:
		return struct {
			Field string `json:"field"`
		}{d.Field}
	case fault.CurrentVersion:
		return struct {
			CurrentVersion int64 `json:"current_version"`
		}{d.Version}
	case fault.Max:
		return struct {
			Max int64 `json:"max"`
		}{d.Max}
	case cart.InOrder:
		return struct {
			OrderID string `json:"order_id"`
		}{d.Order.String()}
	case core.Requote:
		return struct {
			Quote Quote `json:"quote"`
		}{quote(d.Quote)}
	case payment.Declined:
		return struct {
			OrderID     string `json:"order_id"`
			DeclineCode string `json:"decline_code"`
			Retryable   bool   `json:"retryable"`
		}{d.Order.String(), d.DeclineCode, d.Retryable}
	case order.StateConflict:
		allowed := make([]string, len(d.Allowed))
		for i, action := range d.Allowed {
			allowed[i] = string(action)
		}
		return struct {
			Status         string   `json:"order_status"` // status is that of the answer
			AllowedActions []string `json:"allowed_actions"`
		}{string(d.Status), allowed}
	case inventory.Shortages:
		type line struct {
			SKU       string `json:"sku"`
			Requested int    `json:"requested"`
			Available int    `json:"available"`
		}
		lines := make([]line, len(d.Lines))
		for i, l := range d.Lines {
			lines[i] = line{string(l.SKU), l.Requested, l.Available}
		}
		return struct {
			Lines []line `json:"lines"`
		}{lines}
	}
	return nil
}

// MarshalJSON puts the code's own members beside the common ones.
func (p *Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	common, err := encode((*plain)(p))
	if err != nil || p.members == nil {
		return common, err
	}
	own, err := encode(p.members)
	if err != nil {
		return nil, err
	}
	if len(own) <= len("{}") {
		return common, nil
	}
	return append(append(common[:len(common)-1], ','), own[1:]...), nil
}

// encode is json.Marshal without the escapes for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes()[:b.Len()-1], nil
}
