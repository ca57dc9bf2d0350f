package smtp

import (
	"bytes"
	"net/mail"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// messageID is what may stand between the brackets of a Message-ID.
var messageID = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}@[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$`)

// compose writes a mail by RFC 5322.
func (m *Mailer) compose(message ports.Message) (to *mail.Address, content []byte, err error) {
	if to, err = mail.ParseAddress(message.To); err != nil {
		return nil, nil, &fault.Error{
			Kind: fault.Invalid, Code: "validation_failed", Detail: "the request is not valid",
			Fields: []fault.Field{{Location: "to", Code: "pattern", Message: "is not an address"}}, Err: err,
		}
	}
	if !messageID.MatchString(message.ID) {
		return nil, nil, fault.InvalidField("id", "pattern", "must be letters, digits, dots, dashes and underscores around an @")
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&m.from)
	msg.ToMailAddress(to)
	msg.Subject(strings.ToValidUTF8(message.Subject, "\uFFFD"))
	msg.SetDateWithValue(message.At)
	msg.SetMessageIDWithValue(message.ID)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: out-of-office replies stay away
	msg.SetBodyString(gomail.TypeTextPlain, message.Text)
	if message.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, message.HTML)
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, nil, fault.Wrap(fault.Internal, "smtp: compose", err)
	}
	return to, b.Bytes(), nil
}
