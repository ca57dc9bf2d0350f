package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"

	protocol "github.com/wneessen/go-mail/smtp"

	"github.com/bodega-commerce/bodega/core/fault"
)

// conversation is a connection to a server that is ready to take mail.
type conversation struct {
	*protocol.Client
	end func() // closes it; harmless when it is closed
}

// dial connects, makes the connection private and signs in. The connection ends
// with ctx. Whatever fails here is Unavailable: no mail has been spoken of.
func (m *Mailer) dial(ctx context.Context) (conversation, error) {
	conn, err := m.connect(ctx, "tcp", m.server.String())
	if err != nil {
		return conversation{}, fault.Wrap(fault.Unavailable, "smtp: connect", err)
	}
	alive := context.AfterFunc(ctx, func() { _ = conn.Close() }) // whoever reads or writes hears of it
	end := func() {
		alive()
		_ = conn.Close() // what was said counts, not how it ended
	}
	c, err := m.greet(ctx, conn)
	if err != nil {
		end()
		return conversation{}, fault.Wrap(fault.Unavailable, "smtp: "+m.server.String(), err)
	}
	return conversation{c, end}, nil
}

func (m *Mailer) greet(ctx context.Context, conn net.Conn) (*protocol.Client, error) {
	if m.server.tls == direct {
		private := tls.Client(conn, m.tls)
		if err := private.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = private
	}
	c, err := protocol.NewClient(conn, m.server.Host)
	if err != nil {
		return nil, err
	}
	if err := c.Hello(m.name); err != nil {
		return nil, err
	}
	offered, _ := c.Extension("STARTTLS")
	switch {
	case m.server.tls == starttls && !offered:
		return nil, errors.New("the server does not offer STARTTLS")
	case m.server.tls == starttls, m.server.tls == opportunistic && offered:
		if err := c.StartTLS(m.tls); err != nil {
			return nil, err
		}
	}
	if m.server.user == "" {
		return c, nil
	}
	_, ways := c.Extension("AUTH")
	switch offered := strings.Fields(ways); {
	case slices.Contains(offered, "PLAIN"):
		return c, c.Auth(protocol.PlainAuth("", m.server.user, m.server.password, m.server.Host, false))
	case slices.Contains(offered, "LOGIN"):
		return c, c.Auth(protocol.LoginAuth(m.server.user, m.server.password, m.server.Host, false))
	}
	return nil, errors.New("the server offers neither PLAIN nor LOGIN to sign in")
}

// send hands one mail over.
func (c conversation) send(from, to mail.Address, content []byte) error {
	if err := c.Mail(path(from)); err != nil {
		return refused("smtp: sender", err, fault.Unavailable)
	}
	if err := c.Rcpt(path(to)); err != nil {
		return refused("smtp: recipient", err, fault.Unavailable)
	}
	w, err := c.Data()
	if err != nil {
		return refused("smtp: data", err, fault.Unavailable)
	}
	if _, err := w.Write(content); err != nil {
		return fault.Wrap(fault.Unavailable, "smtp: data", err) // without its last line it is no mail
	}
	if err := w.Close(); err != nil {
		return refused("smtp: end of data", err, fault.Unknown)
	}
	_ = c.Quit() // the mail is the server's by now
	return nil
}

// path is an address as a command takes it.
func path(a mail.Address) string { return (&mail.Address{Address: a.Address}).String() }

// refused says what an answer means: 5xx is for good, except that the server
// wants somebody else or another connection first (RFC 4954, 3207); 4xx passes.
// Without an answer it is as otherwise says.
func refused(op string, err error, otherwise fault.Kind) error {
	answer, ok := errors.AsType[*textproto.Error](err)
	switch {
	case !ok:
		return fault.Wrap(otherwise, op, err)
	case answer.Code >= 500 && answer.Code != 530 && answer.Code != 538:
		return fault.Wrap(fault.Invalid, op, err)
	}
	return fault.Wrap(fault.Unavailable, op, err)
}
