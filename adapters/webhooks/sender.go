package webhooks

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	// answerTime is all that a receiver has, from looking its name up to the end
	// of its answer.
	answerTime = 10 * time.Second
	// readMost is how much of an answer is read, so that its connection can be
	// used again; what it says does not matter.
	readMost = 4 << 10
	// headerMost bounds what an answer's header may hold.
	headerMost = 16 << 10
)

// Sender posts messages. It is safe for concurrent use; its fields are set before
// the first call.
type Sender struct {
	// Private allows addresses within the shop's own network, for development.
	Private bool
	// Timeout is what a receiver has for an answer. Default: 10 s.
	Timeout time.Duration

	client *http.Client
}

var _ ports.WebhookSender = (*Sender)(nil)

// New returns a sender; it connects at the first message.
func New() *Sender {
	s := &Sender{Timeout: answerTime}
	dialer := &net.Dialer{Timeout: answerTime, ControlContext: s.allow}
	s.client = &http.Client{
		Transport: &http.Transport{
			// No proxy: one would be asked for addresses that allow never sees.
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 32, MaxIdleConnsPerHost: 8, MaxConnsPerHost: 32,
			IdleConnTimeout: time.Minute, TLSHandshakeTimeout: answerTime, MaxResponseHeaderBytes: headerMost,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

// Close lets idle connections go.
func (s *Sender) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Send is contracted by ports.WebhookSender. Receivers tell repetitions by the
// header Webhook-Id.
func (s *Sender) Send(ctx context.Context, m webhook.Message) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return 0, unsent(fault.Invalid, "the address cannot be used", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Bodega-Webhooks/1")
	r.Header.Set("Webhook-Id", m.Delivery.String())
	r.Header.Set("Webhook-Signature", m.Signature)
	answer, err := s.client.Do(r)
	switch {
	case errors.Is(err, errPrivate):
		return 0, unsent(fault.Invalid, errPrivate.Error(), err)
	case ctx.Err() != nil && err != nil:
		return 0, unsent(fault.Unavailable, "no answer in time", err)
	case err != nil:
		return 0, unsent(fault.Unavailable, problem(err), err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, readMost)) // the status has said it all
	return answer.StatusCode, nil
}

func unsent(kind fault.Kind, detail string, err error) error {
	return &fault.Error{Kind: kind, Op: "webhooks.Send", Detail: detail, Err: err}
}

// problem says in the shop's words why there was no answer.
func problem(err error) string {
	_, unknown := errors.AsType[*net.DNSError](err)
	_, refused := errors.AsType[*net.OpError](err)
	switch {
	case unknown:
		return "the host is not known"
	case refused:
		return "no connection"
	default:
		return "no answer that can be understood"
	}
}

var errPrivate = errors.New("the address is within the shop's own network")

// allow refuses to connect to what is not out in the internet. It sees the very
// address that is connected to, so that a name cannot mean another one meanwhile.
func (s *Sender) allow(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return errPrivate
	}
	if !s.Private && !public(at.Addr()) {
		return errPrivate
	}
	return nil
}

// reserved are addresses that lead nowhere, or back into somebody's own network,
// beside those that netip knows.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // between a carrier and its customers
	netip.MustParsePrefix("192.0.0.0/24"),    // of protocols
	netip.MustParsePrefix("192.0.2.0/24"),    // of documents
	netip.MustParsePrefix("198.18.0.0/15"),   // of benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // of documents
	netip.MustParsePrefix("203.0.113.0/24"),  // of documents
	netip.MustParsePrefix("240.0.0.0/4"),     // kept back
	netip.MustParsePrefix("64:ff9b::/96"),    // IPv4 inside IPv6 from here on
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("2001::/23"), // Teredo and other protocols
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"), // what was once a site's own
}

func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
