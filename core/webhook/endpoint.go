package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

const (
	// MaxEndpoints is how many endpoints a shop may have. Every event is held
	// against all of them.
	MaxEndpoints = 50
	// SecretOverlap is how long a secret still signs after another took its place.
	SecretOverlap = 24 * time.Hour

	maxURL         = 2048
	maxDescription = 500
	maxEvents      = 50
)

var typeName = regexp.MustCompile(`^(\*|[a-z]+(_[a-z]+)*)$`)

// Endpoint is where another program listens.
type Endpoint struct {
	ID          id.Endpoint
	URL         string
	Description string
	Events      []string // types, "order.*" or "*"
	Disabled    bool     // nothing new is kept for it, and what waits goes on waiting
	Secrets     []Secret // newest first; at least one
	Failures    int      // how often in a row nobody answered; not part of Version
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Secret signs what is sent to an endpoint. It is shown once, when it is made.
type Secret struct {
	Value string    `json:"value"`
	Until time.Time `json:"until,omitzero"` // zero: until another takes its place
}

// String keeps secrets out of logs.
func (Secret) String() string { return "whsec_…" }

// GoString does the same for %#v.
func (s Secret) GoString() string { return s.String() }

// Validate answers Invalid naming what is wrong. plain allows http beside https.
func (e *Endpoint) Validate(plain bool) error {
	var f fault.Fields
	u, err := url.Parse(e.URL)
	switch {
	case e.URL == "":
		f.Add("url", "required", "must be where the receiver listens")
	case len(e.URL) > maxURL:
		f.Add("url", "too_long", fmt.Sprintf("must be at most %d characters", maxURL))
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !plain):
		f.Add("url", "pattern", "must be an absolute https address without a user or a fragment")
	}
	if utf8.RuneCountInString(e.Description) > maxDescription {
		f.Add("description", "too_long", fmt.Sprintf("must be at most %d characters", maxDescription))
	}
	switch {
	case len(e.Events) == 0:
		f.Add("events", "required", "must name at least one type")
	case len(e.Events) > maxEvents:
		f.Add("events", "too_long", fmt.Sprintf("must be at most %d types", maxEvents))
	}
	for i, pattern := range e.Events {
		if !known(pattern) {
			f.Add(fmt.Sprintf("events[%d]", i), "enum", "must be *, or begin with "+strings.Join(kinds, "., ")+". and name a type or *")
		}
	}
	return f.Err()
}

// Wants reports whether the endpoint is to be told of events of a type.
func (e *Endpoint) Wants(typ string) bool {
	return !e.Disabled && slices.ContainsFunc(e.Events, func(pattern string) bool { return fits(pattern, typ) })
}

// Rotate makes a secret the one that signs. The one before it signs beside it for
// SecretOverlap; those before that end.
func (e *Endpoint) Rotate(secret string, now time.Time) {
	rotated := []Secret{{Value: secret}}
	if len(e.Secrets) > 0 {
		rotated = append(rotated, Secret{Value: e.Secrets[0].Value, Until: now.Add(SecretOverlap)})
	}
	e.Secrets = rotated
}

// Sign returns the signature of a body at a time: t=… with the time in seconds,
// and for each secret in force v1=… with the HMAC-SHA256 of the time, a dot and
// the body, in hex.
func (e *Endpoint) Sign(body []byte, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	signature := "t=" + stamp
	for _, secret := range e.Secrets {
		if !secret.Until.IsZero() && !at.Before(secret.Until) {
			continue
		}
		mac := hmac.New(sha256.New, []byte(secret.Value))
		mac.Write([]byte(stamp + "."))
		mac.Write(body)
		signature += ",v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	return signature
}
