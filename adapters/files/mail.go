package files

import (
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

var _ ports.Mailer = (*Outbox)(nil)

// Outbox writes each mail into a directory as <Message-ID>.eml, which mail
// programs open.
type Outbox struct {
	// From is the sender, set before the first mail.
	From mail.Address

	folder folder
}

// Mail returns an outbox in a directory, which is made at first use.
func Mail(path string) *Outbox {
	return &Outbox{From: mail.Address{Name: "Bodega", Address: "shop@localhost"}, folder: folder{path: path}}
}

// Send writes a mail, on disk when it returns. The same ID twice is one file:
// the first. Invalid for a recipient or ID that a mail cannot have.
func (o *Outbox) Send(ctx context.Context, m ports.Message) error {
	to, err := mail.ParseAddress(m.To)
	if err != nil {
		return &fault.Error{
			Kind: fault.Invalid, Code: "validation_failed", Detail: "the request is not valid",
			Fields: []fault.Field{{Location: "to", Code: "pattern", Message: "is not an address"}}, Err: err,
		}
	}
	if !messageID(m.ID) {
		return fault.InvalidField("id", "pattern", "must be letters, digits, dots, dashes and underscores around an @")
	}
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, "mail: send", err)
	}
	return o.folder.put(ctx, m.ID+".eml", func(w io.Writer) error { return o.write(w, to, m) })
}

// messageID reports whether an ID is safe as a Message-ID and as a file's name.
func messageID(s string) bool {
	left, right, ok := strings.Cut(s, "@")
	return ok && clean(left+"_"+right) && clean(right) && left != "" && !strings.Contains(s, "/")
}

// write writes a mail by RFC 5322. The same message gives the same bytes.
func (o *Outbox) write(w io.Writer, to *mail.Address, m ports.Message) error {
	for _, h := range [][2]string{
		{"From", o.From.String()},
		{"To", to.String()},
		{"Subject", encodeHeader(m.Subject)},
		{"Date", m.At.Format(time.RFC1123Z)},
		{"Message-ID", "<" + m.ID + ">"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: out-of-office replies stay away
		{"MIME-Version", "1.0"},
	} {
		if _, err := fmt.Fprintf(w, "%s: %s\r\n", h[0], h[1]); err != nil {
			return err
		}
	}
	if m.HTML == "" {
		if _, err := io.WriteString(w, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"); err != nil {
			return err
		}
		return encodeBody(w, m.Text)
	}
	parts := multipart.NewWriter(w)
	// "=_" never occurs in quoted-printable text, so no body can end a part.
	if err := parts.SetBoundary("=_bodega"); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "Content-Type: multipart/alternative; boundary=%q\r\n\r\n", parts.Boundary()); err != nil {
		return err
	}
	for _, alternative := range []struct{ kind, body string }{{"plain", m.Text}, {"html", m.HTML}} {
		part, err := parts.CreatePart(textproto.MIMEHeader{
			"Content-Type":              {"text/" + alternative.kind + "; charset=utf-8"},
			"Content-Transfer-Encoding": {"quoted-printable"},
		})
		if err != nil {
			return err
		}
		if err := encodeBody(part, alternative.body); err != nil {
			return err
		}
	}
	return parts.Close()
}

func encodeBody(w io.Writer, text string) error {
	q := quotedprintable.NewWriter(w)
	if _, err := io.WriteString(q, text); err != nil {
		return err
	}
	return q.Close()
}

// encodeHeader makes any text a header's value: encoded words (RFC 2047) where
// it is more than ASCII, folded where it is long.
func encodeHeader(s string) string {
	var b strings.Builder
	line := len("Subject: ")
	for i, word := range strings.Split(mime.QEncoding.Encode("utf-8", strings.ToValidUTF8(s, "\uFFFD")), " ") {
		switch {
		case i == 0:
		case word != "" && line+len(word) > 76:
			b.WriteString("\r\n ")
			line = 1
		default:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += len(word)
	}
	return b.String()
}
