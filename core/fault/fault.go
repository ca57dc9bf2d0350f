// Package fault is the one error type of Bodega. Nouns, verbs and adapters
// return it, the edges (HTTP, jobs, CLI) translate its Kind with one exhaustive
// table each. It imports the standard library only.
package fault

import (
	"errors"
	"strings"
)

// Kind says what a caller can do about an error. Kinds are append-only: their
// numbers end up in metrics and stored rows.
type Kind uint8

const (
	Internal        Kind = iota // a bug or a broken invariant
	Malformed                   // the input could not be read at all
	Invalid                     // the input was read and breaks a rule
	Unauthenticated             // nobody is known to be asking
	Denied                      // somebody is known and may not
	NotFound                    // no such thing, or not theirs
	Exists                      // a unique thing is already there
	Conflict                    // the state of the thing forbids it
	Exhausted                   // a counted thing (stock, coupon) has run out
	Stale                       // the caller's version is not the current one
	Gone                        // it was there and has expired
	TooLarge                    // more bytes than are accepted
	Declined                    // the payment provider said no
	Throttled                   // too many requests
	Unavailable                 // a dependency failed and provably nothing was done
	Unknown                     // a dependency failed and it may have been done: never compensate
	Canceled                    // the caller went away

	kindCount
)

var kindNames = [kindCount]string{
	"internal", "malformed", "invalid", "unauthenticated", "denied", "not_found", "exists", "conflict",
	"exhausted", "stale", "gone", "too_large", "declined", "throttled", "unavailable", "unknown", "canceled",
}

// Kinds returns every kind, for tables that must be exhaustive.
func Kinds() []Kind {
	all := make([]Kind, kindCount)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

func (k Kind) String() string {
	if k < kindCount {
		return kindNames[k]
	}
	return "internal"
}

// Error is a failure with everything an edge needs to answer it.
type Error struct {
	Kind   Kind
	Code   string  // stable slug for clients, see docs/errors.md; empty means the kind's default
	Op     string  // the operation that failed, for logs
	Detail string  // one sentence for the client; never a driver's text
	Fields []Field // what is wrong with the input, for Invalid
	Data   any     // the code's own members, one documented type per code
	Err    error   // the cause, for logs only
}

// Field is one thing wrong with an input. Location is relative to the command
// ("lines[0].quantity", "price"); the HTTP edge puts "body.", "path." or
// "query." in front.
type Field struct {
	Location string
	Code     string // required, type, enum, pattern, too_small, too_large, too_long, unknown_field, unknown_reference, duplicate
	Message  string
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op)
		b.WriteString(": ")
	}
	switch {
	case e.Detail != "":
		b.WriteString(e.Detail)
	case e.Code != "":
		b.WriteString(e.Code)
	default:
		b.WriteString(e.Kind.String())
	}
	for i, f := range e.Fields {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(f.Location)
		b.WriteByte(' ')
		b.WriteString(f.Message)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// New returns an error of a kind with its code and one sentence for the client.
func New(kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// Wrap returns an error of a kind that keeps its cause for the logs.
func Wrap(kind Kind, op string, err error) *Error {
	return &Error{Kind: kind, Op: op, Err: err}
}

// Missing returns NotFound for a resource ("product", "cart").
func Missing(resource string) *Error {
	return &Error{Kind: NotFound, Code: "not_found", Detail: resource + " not found", Data: Resource{resource}}
}

// InvalidField returns Invalid (validation_failed) for one field.
func InvalidField(location, code, message string) *Error {
	return InvalidFields(Field{location, code, message})
}

// InvalidFields returns Invalid (validation_failed) for several fields.
func InvalidFields(fields ...Field) *Error {
	return &Error{Kind: Invalid, Code: "validation_failed", Detail: "the request is not valid", Fields: fields}
}

// Duplicate returns Exists (already_exists) naming the field that is taken.
func Duplicate(field string) *Error {
	return &Error{Kind: Exists, Code: "already_exists", Detail: field + " is already taken", Data: Taken{field}}
}

// VersionConflict returns Stale (version_conflict) with the version in force.
func VersionConflict(current int64) *Error {
	return &Error{Kind: Stale, Code: "version_conflict", Detail: "it was changed meanwhile", Data: CurrentVersion{current}}
}

// Resource is the Data of not_found.
type Resource struct{ Resource string }

// Taken is the Data of already_exists.
type Taken struct{ Field string }

// CurrentVersion is the Data of version_conflict.
type CurrentVersion struct{ Version int64 }

// Max is the Data of quantity_limit and amount_exceeds.
type Max struct{ Max int64 }

// KindOf returns the kind of the first Error in err's chain, Internal if there
// is none. A nil error has no kind: do not ask.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// CodeOf returns the code of the first Error in err's chain, "" if there is none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// Is reports whether err is of one of the kinds.
func Is(err error, kinds ...Kind) bool {
	if err == nil {
		return false
	}
	k := KindOf(err)
	for _, want := range kinds {
		if k == want {
			return true
		}
	}
	return false
}

// Fields gathers what is wrong with an input, so that a caller hears of all of
// it at once. The zero value is ready.
type Fields struct {
	list    []Field
	foreign int    // how many of them AddCurrency recorded
	detail  string // of an error that is about these alone
}

// Add records one field.
func (f *Fields) Add(location, code, message string) {
	f.list = append(f.list, Field{location, code, message})
}

// AddCurrency records an amount that is not in the shop's currency.
func (f *Fields) AddCurrency(location, shop string) {
	f.Add(location+".currency", "enum", "must be "+shop)
	f.foreign, f.detail = f.foreign+1, "the shop's currency is "+shop
}

// Join records the fields of err under a prefix, if err is Invalid with fields;
// it reports whether it was.
func (f *Fields) Join(prefix string, err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || len(e.Fields) == 0 {
		return false
	}
	if e.Code == "currency_mismatch" {
		f.foreign, f.detail = f.foreign+len(e.Fields), e.Detail
	}
	for _, x := range e.Fields {
		loc := prefix
		switch {
		case loc == "":
			loc = x.Location
		case x.Location != "" && x.Location[0] == '[':
			loc += x.Location
		case x.Location != "":
			loc += "." + x.Location
		}
		f.list = append(f.list, Field{loc, x.Code, x.Message})
	}
	return true
}

// List returns what was recorded.
func (f *Fields) List() []Field { return f.list }

// Err returns nil if nothing was recorded, else Invalid with all of it:
// currency_mismatch if AddCurrency recorded all of it.
func (f *Fields) Err() error {
	if len(f.list) == 0 {
		return nil
	}
	e := InvalidFields(f.list...)
	if f.foreign == len(f.list) {
		e.Code, e.Detail = "currency_mismatch", f.detail
	}
	return e
}
