package httpapi

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core/money"
)

// Money is an amount in minor units.
type Money struct {
	Amount   int64  `json:"amount" minimum:"0" maximum:"1000000000000" doc:"Minor units, for example cents."`
	Currency string `json:"currency" pattern:"^[A-Z]{3}$" patternDescription:"an ISO 4217 code" doc:"ISO 4217 code."`
}

func moneyOf(a money.Amount) Money { return Money{a.Minor(), string(a.Currency())} }

// optionalMoney is null for no amount at all.
func optionalMoney(a money.Amount) Null[Money] {
	if a.IsNone() {
		return Null[Money]{}
	}
	return Some(moneyOf(a))
}

func (m Money) amount() money.Amount { return money.New(m.Amount, money.Currency(m.Currency)) }

// Time is an instant as the API writes it: UTC, RFC 3339, always six decimals.
type Time struct{ time.Time }

// optionalTime is null for the zero time.
func optionalTime(t time.Time) Null[Time] {
	if t.IsZero() {
		return Null[Time]{}
	}
	return Some(Time{t})
}

func (t Time) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(`"2006-01-02T15:04:05.000000Z"`))
	return t.UTC().AppendFormat(b, `"2006-01-02T15:04:05.000000Z"`), nil
}

// UnmarshalJSON reads RFC 3339 with any offset and number of decimals.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return err
	}
	t.Time = parsed.UTC()
	return nil
}

// Schema implements huma.SchemaProvider.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
}

// Null is a member of an answer that may be null. The zero Null is.
type Null[T any] struct {
	Value T
	Valid bool
}

// Some is a member that is not null.
func Some[T any](v T) Null[T] { return Null[T]{v, true} }

func (n Null[T]) MarshalJSON() ([]byte, error) {
	if !n.Valid {
		return []byte("null"), nil
	}
	return encode(n.Value)
}

func (n *Null[T]) UnmarshalJSON(b []byte) error {
	*n = Null[T]{}
	if string(b) == "null" {
		return nil
	}
	n.Valid = true
	return json.Unmarshal(b, &n.Value)
}

// Schema implements huma.SchemaProvider.
func (Null[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	if s.Ref != "" {
		return &huma.Schema{AnyOf: []*huma.Schema{s, {Type: "null"}}}
	}
	nullable := *s
	nullable.Nullable = true
	return &nullable
}

// Opt is a member of a request that may be missing, null or there: what PATCH
// leaves alone, clears and sets. Declare it with omitzero.
//
// Its schema repeats an object's instead of referring to it, because findings
// inside an anyOf would lose their location.
type Opt[T any] struct {
	Value T
	Set   bool // it was sent
	Null  bool // it was sent as null
}

// IsZero reports whether the member is missing.
func (o Opt[T]) IsZero() bool { return !o.Set }

func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.Set || o.Null {
		return []byte("null"), nil
	}
	return encode(o.Value)
}

func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	*o = Opt[T]{Set: true}
	if string(b) == "null" {
		o.Null = true
		return nil
	}
	return json.Unmarshal(b, &o.Value)
}

// Schema implements huma.SchemaProvider.
func (Opt[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), false, "")
	s.Nullable = true
	return &s
}

// Page is one page of a numbered list.
type Page[T any] struct {
	Items   []T `json:"items"`
	Page    int `json:"page"`
	PerPage int `json:"per_page"`
	Total   int `json:"total"`
	MaxPage int `json:"max_page" doc:"The last page that can be asked for."`
}

// CursorPage is one stretch of a list that is walked.
type CursorPage[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"null at the end"`
	Total      *int    `json:"total,omitempty" doc:"only with count=true"`
}
