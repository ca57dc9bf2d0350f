package stripe_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// PaymentMethods that decide what the peer makes of a confirmation.
const (
	cardOK       = "pm_ok"
	cardDeclined = "pm_insufficient_funds"
	cardAction   = "pm_action"
	cardLost     = "pm_lost"   // authorized, and the answer breaks off
	cardBusy     = "pm_busy"   // 429
	cardBroken   = "pm_broken" // 500, and nothing was done
	cardSlow     = "pm_slow"   // processing
)

// peer speaks the part of Stripe's API that the adapter uses: forms in, JSON
// out, idempotency keys that remember answers, intents that keep to their states.
type peer struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	intents  map[string]*intent
	refunds  []*refund
	keys     map[string]*kept
	calls    []string // method and path of every request
	failNext int      // so many requests are answered 500, and remembered as such
}

type intent struct {
	ID, Status, Secret, Currency string
	Amount, Received, Refunded   int64
	Metadata                     map[string]string
	Created                      int64
	LastError, NextAction        map[string]any
}

type refund struct {
	ID, Intent, Status string
	Amount             int64
	Metadata           map[string]string
}

type kept struct {
	request string
	status  int
	body    []byte
}

// rejection is an answer that is an error.
type rejection struct {
	status int
	error  map[string]any
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{t: t, intents: map[string]*intent{}, keys: map[string]*kept{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

const secretKey = "sk_test_of_the_peer"

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, r.Method+" "+r.URL.Path)
	if r.Header.Get("Authorization") != "Bearer "+secretKey {
		p.answer(w, http.StatusUnauthorized, errorBody(map[string]any{"type": "invalid_request_error", "message": "Invalid API Key"}))
		return
	}
	if err := r.ParseForm(); err != nil {
		p.answer(w, http.StatusBadRequest, errorBody(map[string]any{"type": "invalid_request_error", "message": err.Error()}))
		return
	}
	key, request := r.Header.Get("Idempotency-Key"), r.URL.Path+"?"+r.Form.Encode()
	if r.Method == http.MethodPost {
		if old := p.keys[key]; old != nil {
			if old.request != request {
				p.answer(w, http.StatusBadRequest, errorBody(map[string]any{"type": "idempotency_error", "message": "Keys for idempotent requests can only be used with the same parameters they were first used with."}))
				return
			}
			w.Header().Set("Idempotent-Replayed", "true")
			p.answer(w, old.status, old.body)
			return
		}
	}
	status, body := http.StatusOK, []byte(nil)
	if p.failNext > 0 {
		p.failNext--
		status, body = http.StatusInternalServerError, errorBody(map[string]any{"type": "api_error", "message": "An unknown error occurred"})
	} else if result, no := p.route(r); no != nil {
		status, body = no.status, errorBody(no.error)
	} else {
		body = mustJSON(result)
	}
	if r.Method == http.MethodPost && status != http.StatusTooManyRequests {
		p.keys[key] = &kept{request, status, body}
	}
	if r.Form.Get("payment_method") == cardLost {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // the connection breaks in the middle of the answer
	}
	p.answer(w, status, body)
}

func (p *peer) answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_"+strconv.Itoa(len(p.calls)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func errorBody(e map[string]any) []byte { return mustJSON(map[string]any{"error": e}) }

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func (p *peer) route(r *http.Request) (any, *rejection) {
	f := r.Form
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	switch verb := r.Method + " " + path[0]; {
	case verb == "POST payment_intents" && len(path) == 1:
		return p.create(f)
	case verb == "GET payment_intents" && len(path) == 2 && path[1] == "search":
		return p.search(f)
	case verb == "POST refunds":
		return p.refund(f)
	case verb == "GET refunds":
		return p.list(f), nil
	case path[0] == "payment_intents" && len(path) >= 2:
		pi := p.intents[path[1]]
		if pi == nil {
			return nil, &rejection{http.StatusNotFound, map[string]any{"type": "invalid_request_error", "code": "resource_missing", "param": "intent", "message": "No such payment_intent"}}
		}
		switch action := r.Method + " " + strings.Join(path[2:], "/"); action {
		case "GET ":
			return p.withRefunds(pi, f)
		case "POST confirm":
			return p.confirm(pi, f)
		case "POST cancel":
			return p.cancel(pi)
		case "POST capture":
			return p.capture(pi, f)
		}
	}
	return nil, &rejection{http.StatusNotFound, map[string]any{"type": "invalid_request_error", "message": "Unrecognized request URL"}}
}

// only refuses parameters that the operation has not.
func only(f url.Values, known ...string) *rejection {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		base, _, _ := strings.Cut(name, "[")
		if !slices.Contains(known, base) {
			return invalid("parameter_unknown", name)
		}
	}
	return nil
}

func invalid(code, param string) *rejection {
	return &rejection{http.StatusBadRequest, map[string]any{"type": "invalid_request_error", "code": code, "param": param, "message": code + " at " + param}}
}

func metadata(f url.Values) map[string]string {
	m := map[string]string{}
	for name, values := range f {
		if key, ok := strings.CutPrefix(name, "metadata["); ok {
			m[strings.TrimSuffix(key, "]")] = values[0]
		}
	}
	return m
}

func (p *peer) create(f url.Values) (any, *rejection) {
	if no := only(f, "amount", "currency", "capture_method", "payment_method_types", "description", "metadata"); no != nil {
		return nil, no
	}
	amount, err := strconv.ParseInt(f.Get("amount"), 10, 64)
	switch {
	case err != nil:
		return nil, invalid("parameter_invalid_integer", "amount")
	case amount < 10:
		return nil, invalid("amount_too_small", "amount")
	case f.Get("capture_method") != "manual" || f.Get("payment_method_types[0]") != "card":
		return nil, invalid("parameter_missing", "capture_method")
	}
	n := strconv.Itoa(len(p.intents) + 1)
	pi := &intent{
		ID: "pi_" + n, Secret: "pi_" + n + "_secret", Status: "requires_payment_method", Amount: amount, Currency: f.Get("currency"),
		Metadata: metadata(f), Created: time.Now().Unix(),
	}
	p.intents[pi.ID] = pi
	return pi.shown(), nil
}

func (p *peer) confirm(pi *intent, f url.Values) (any, *rejection) {
	if no := only(f, "payment_method", "confirmation_token", "return_url", "use_stripe_sdk"); no != nil {
		return nil, no
	}
	if pi.Status != "requires_payment_method" {
		return nil, pi.unexpected()
	}
	token := f.Get("payment_method") + f.Get("confirmation_token")
	switch token {
	case cardOK, cardLost, "ctoken_ok":
		pi.Status, pi.LastError = "requires_capture", nil
	case cardSlow:
		pi.Status = "processing"
	case cardBusy:
		return nil, &rejection{http.StatusTooManyRequests, map[string]any{"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests"}}
	case cardBroken:
		return nil, &rejection{http.StatusInternalServerError, map[string]any{"type": "api_error", "message": "An unknown error occurred"}}
	case cardAction:
		pi.Status = "requires_action"
		pi.NextAction = map[string]any{"type": "use_stripe_sdk", "use_stripe_sdk": map[string]any{}}
		if back := f.Get("return_url"); back != "" {
			pi.NextAction = map[string]any{"type": "redirect_to_url", "redirect_to_url": map[string]any{"url": "https://hooks.stripe.test/" + pi.ID, "return_url": back}}
		}
	default:
		code, declined := strings.CutPrefix(token, "pm_")
		if !declined || code == "of_another_account" {
			return nil, invalid("resource_missing", "payment_method")
		}
		pi.LastError = map[string]any{"type": "card_error", "code": "card_declined", "decline_code": code, "message": "Your card was declined."}
		e := maps.Clone(pi.LastError)
		e["payment_intent"] = pi.shown()
		return nil, &rejection{http.StatusPaymentRequired, e}
	}
	return pi.shown(), nil
}

func (pi *intent) unexpected() *rejection {
	return &rejection{http.StatusBadRequest, map[string]any{
		"type": "invalid_request_error", "code": "payment_intent_unexpected_state",
		"message": "This PaymentIntent could not be changed because it has a status of " + pi.Status, "payment_intent": pi.shown(),
	}}
}

func (p *peer) cancel(pi *intent) (any, *rejection) {
	switch pi.Status {
	case "requires_payment_method", "requires_capture", "requires_confirmation", "requires_action":
		pi.Status, pi.NextAction = "canceled", nil
		return pi.shown(), nil
	}
	return nil, pi.unexpected()
}

func (p *peer) capture(pi *intent, f url.Values) (any, *rejection) {
	if no := only(f, "amount_to_capture"); no != nil {
		return nil, no
	}
	if pi.Status != "requires_capture" {
		return nil, pi.unexpected()
	}
	amount, err := strconv.ParseInt(f.Get("amount_to_capture"), 10, 64)
	if err != nil || amount < 1 || amount > pi.Amount {
		return nil, invalid("amount_too_large", "amount_to_capture")
	}
	pi.Status, pi.Received = "succeeded", amount
	return pi.shown(), nil
}

func (p *peer) refund(f url.Values) (any, *rejection) {
	if no := only(f, "payment_intent", "amount", "metadata"); no != nil {
		return nil, no
	}
	pi := p.intents[f.Get("payment_intent")]
	amount, err := strconv.ParseInt(f.Get("amount"), 10, 64)
	if pi == nil || err != nil || amount < 1 || amount > pi.Received-pi.Refunded {
		return nil, invalid("", "amount") // Stripe has no code for it
	}
	return p.giveBack(pi, amount, metadata(f)).shown(), nil
}

func (p *peer) giveBack(pi *intent, amount int64, metadata map[string]string) *refund {
	pi.Refunded += amount
	made := &refund{ID: "re_" + strconv.Itoa(len(p.refunds)+1), Intent: pi.ID, Status: "succeeded", Amount: amount, Metadata: metadata}
	p.refunds = append(p.refunds, made)
	return made
}

// refundElsewhere plays an operator in Stripe's dashboard.
func (p *peer) refundElsewhere(payment string, amount int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pi := range p.intents {
		if pi.Metadata["payment_id"] == payment {
			p.giveBack(pi, amount, map[string]string{})
		}
	}
}

// fail sends a refund back, as a bank does whose customer is gone.
func (p *peer) fail(refund string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.refunds {
		if r.Metadata["refund_id"] == refund {
			r.Status = "failed"
			p.intents[r.Intent].Refunded -= r.Amount
		}
	}
}

// failElsewhere sends the newest refund of a payment back and returns the event
// that Stripe sends about it: the refund as it is, as of a version of the API.
func (p *peer) failElsewhere(payment string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range slices.Backward(p.refunds) {
		if pi := p.intents[r.Intent]; pi.Metadata["payment_id"] == payment {
			r.Status = "failed"
			pi.Refunded -= r.Amount
			return mustJSON(map[string]any{
				"id": "evt_of_" + r.ID, "object": "event", "type": "refund.failed", "api_version": "2025-08-27.basil", "data": map[string]any{"object": r.shown()},
			})
		}
	}
	return nil
}

// withRefunds shows an intent's charge with its newest ten refunds, if asked to.
func (p *peer) withRefunds(pi *intent, f url.Values) (any, *rejection) {
	if no := only(f, "expand"); no != nil {
		return nil, no
	}
	m := pi.shown()
	if charge, ok := m["latest_charge"].(map[string]any); ok && f.Get("expand[0]") == "latest_charge.refunds" {
		charge["refunds"] = p.newest(pi.ID, 10)
	}
	return m, nil
}

func (r *refund) shown() map[string]any {
	return map[string]any{"id": r.ID, "object": "refund", "amount": r.Amount, "payment_intent": r.Intent, "status": r.Status, "metadata": r.Metadata}
}

func (p *peer) list(f url.Values) any {
	limit, err := strconv.Atoi(f.Get("limit"))
	if err != nil || limit > 100 {
		limit = 10
	}
	return p.newest(f.Get("payment_intent"), limit)
}

// newest is a page of an intent's refunds.
func (p *peer) newest(intent string, limit int) any {
	data := []any{}
	more := false
	for _, r := range slices.Backward(p.refunds) {
		if r.Intent != intent {
			continue
		}
		if more = len(data) == limit; more {
			break
		}
		data = append(data, r.shown())
	}
	return map[string]any{"object": "list", "data": data, "has_more": more, "url": "/v1/refunds"}
}

func (p *peer) search(f url.Values) (any, *rejection) {
	data := []any{}
	for _, pi := range p.intents {
		if f.Get("query") == fmt.Sprintf("metadata['payment_id']:'%s'", pi.Metadata["payment_id"]) {
			data = append(data, pi.shown())
		}
	}
	return map[string]any{"object": "search_result", "data": data, "has_more": false, "url": "/v1/payment_intents/search"}, nil
}

func (pi *intent) shown() map[string]any {
	m := map[string]any{
		"id": pi.ID, "object": "payment_intent", "status": pi.Status, "amount": pi.Amount, "amount_received": pi.Received, "currency": pi.Currency,
		"capture_method": "manual", "client_secret": pi.Secret, "created": pi.Created, "metadata": pi.Metadata,
		"last_payment_error": pi.LastError, "next_action": pi.NextAction, "latest_charge": nil,
	}
	if pi.Received > 0 {
		m["latest_charge"] = map[string]any{"id": "ch_" + pi.ID, "object": "charge", "amount": pi.Amount, "amount_refunded": pi.Refunded}
	}
	return m
}

// complete plays the shopper's part, on whichever page Stripe shows.
func (p *peer) complete(payment string, ok bool) (found, done bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pi := range p.intents {
		if pi.Metadata["payment_id"] != payment {
			continue
		}
		if pi.Status != "requires_action" {
			return true, false
		}
		pi.NextAction = nil
		if pi.Status = "requires_capture"; !ok {
			pi.Status = "requires_payment_method"
			pi.LastError = map[string]any{"type": "invalid_request_error", "code": "payment_intent_authentication_failure"}
		}
		return true, true
	}
	return false, false
}

// forget is what Stripe does with keys after a day.
func (p *peer) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.keys)
}

// made returns how many intents there are.
func (p *peer) made() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.intents)
}
