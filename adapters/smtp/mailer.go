package smtp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/mail"
	"os"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	dialTime = 5 * time.Second
	sendTime = 15 * time.Second
)

var _ ports.Mailer = (*Mailer)(nil)

// Options say more about mail.
type Options struct {
	From    mail.Address   // the sender
	CAs     *x509.CertPool // who vouches for the server; nil: the system's
	Timeout time.Duration  // for a whole mail; 0: 15 s
}

// Mailer sends mails through a server.
type Mailer struct {
	server  Server
	from    mail.Address
	tls     *tls.Config
	timeout time.Duration
	name    string // how the shop greets
	connect func(ctx context.Context, network, address string) (net.Conn, error)
}

// New returns a mailer of the server at a URL as Parse reads it, which is
// spoken to at the first mail. Invalid for a URL or a sender that cannot be.
func New(url string, o Options) (*Mailer, error) {
	server, err := Parse(url)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Op: "smtp.New", Detail: "the address of the mail server " + err.Error()}
	}
	if from, err := mail.ParseAddress(o.From.String()); err != nil || *from != o.From {
		return nil, &fault.Error{Kind: fault.Invalid, Op: "smtp.New", Detail: "the sender of mails is no address"}
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "localhost"
	}
	return &Mailer{
		server: server, from: o.From, timeout: cmp.Or(o.Timeout, sendTime), name: name,
		connect: (&net.Dialer{Timeout: dialTime}).DialContext,
		tls:     &tls.Config{ServerName: server.Host, RootCAs: o.CAs, MinVersion: tls.VersionTLS12},
	}, nil
}

// Send hands a mail to the server. Invalid for a recipient or ID that a mail
// cannot have, and for what the server refuses for good; Unavailable when it
// has taken nothing over; Unknown when it may have.
func (m *Mailer) Send(ctx context.Context, message ports.Message) error {
	to, content, err := m.compose(message)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	c, err := m.dial(limited)
	if err == nil {
		err = c.send(m.from, *to, content)
		c.end()
	}
	if failed, ok := errors.AsType[*fault.Error](err); ok && failed.Kind == fault.Unavailable && ctx.Err() != nil {
		return fault.Wrap(fault.Canceled, "smtp", err)
	}
	return err
}
