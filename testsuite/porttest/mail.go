package porttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// MailHarness gives the suite a mailer and what reached the receiver, each mail
// as its raw bytes, in any order.
type MailHarness struct {
	New func(t *testing.T) (m ports.Mailer, received func() [][]byte)
	// MayRepeat says why the same ID sent twice may arrive twice; "" if it must not.
	MayRepeat string
}

// TestMailer is the contract of ports.Mailer.
func TestMailer(t *testing.T, h MailHarness) {
	t.Parallel()
	at := time.Date(2026, 11, 5, 10, 30, 1, 0, time.UTC)

	messages := map[string]ports.Message{
		"Text": {ID: "order-1@shop.example", To: "guest@example.com", Subject: "Your order", Text: "Thank you.\n\nA line.\n", At: at},
		"Both": {
			ID: "order-2@shop.example", To: "Zoë Guest <guest@example.com>", Subject: "Bestellung für Zoë: 3 × Tee — ✓", At: at,
			Text: "Für Sie: 5 €\n--=_bodega--\n.\nFrom here = there\n", HTML: "<p style=\"a=b\">Für Sie: <b>5 €</b></p>\n",
		},
		"Long": {
			ID: "order-3@shop.example", To: "guest@example.com", At: at, Text: strings.Repeat("long ", 400) + "\n" + strings.Repeat("x", 3000),
			Subject: strings.Repeat("a long subject that has to be folded ", 8) + strings.Repeat("ü", 90),
		},
	}
	for name, m := range messages {
		t.Run("ArrivesAsWritten/"+name, func(t *testing.T) {
			t.Parallel()
			mailer, received := h.New(t)
			if err := mailer.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			mails := received()
			if len(mails) != 1 {
				t.Fatalf("%d mails arrived", len(mails))
			}
			mustBeMail(t, mails[0], m)
		})
	}

	t.Run("HeadersCannotBeInjected", func(t *testing.T) {
		t.Parallel()
		mailer, received := h.New(t)
		m := messages["Text"]
		m.Subject = "Order\r\nBcc: thief@example.com\r\n\r\nbody"
		if err := mailer.Send(t.Context(), m); err != nil {
			wantKind(t, err, fault.Invalid)
			return
		}
		for _, raw := range received() {
			got, err := mail.ReadMessage(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if bcc := got.Header.Get("Bcc"); bcc != "" {
				t.Errorf("a subject made a header: Bcc %q", bcc)
			}
		}
	})

	t.Run("BadAddressesAreInvalid", func(t *testing.T) {
		t.Parallel()
		mailer, received := h.New(t)
		for _, to := range []string{"", "nobody", "a@b\r\nBcc: c@d", "a@b, c@d", "<>", "a b@c"} {
			m := messages["Text"]
			m.To = to
			wantKind(t, mailer.Send(t.Context(), m), fault.Invalid)
		}
		for _, id := range []string{"", "no-at-sign", "../../x@y", "a@b/c", "a@b>\r\nX: y", "@b", ".a@b", strings.Repeat("a", 600) + "@b"} {
			m := messages["Text"]
			m.ID = id
			wantKind(t, mailer.Send(t.Context(), m), fault.Invalid)
		}
		if n := len(received()); n != 0 {
			t.Errorf("%d mails arrived", n)
		}
	})

	t.Run("CanceledSendsNothing", func(t *testing.T) {
		t.Parallel()
		mailer, received := h.New(t)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		wantKind(t, mailer.Send(gone, messages["Text"]), fault.Canceled)
		if n := len(received()); n != 0 {
			t.Errorf("%d mails arrived", n)
		}
	})

	t.Run("SameIDArrivesOnce", func(t *testing.T) {
		t.Parallel()
		if h.MayRepeat != "" {
			t.Skip(h.MayRepeat)
		}
		mailer, received := h.New(t)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if err := mailer.Send(t.Context(), messages["Both"]); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		later := messages["Both"]
		later.Text = "something else"
		if err := mailer.Send(t.Context(), later); err != nil {
			t.Fatal(err)
		}
		mails := received()
		if len(mails) != 1 {
			t.Fatalf("%d mails arrived", len(mails))
		}
		mustBeMail(t, mails[0], messages["Both"])
	})
}

// mustBeMail reads a mail as a mail program would and compares it.
func mustBeMail(t *testing.T, raw []byte, want ports.Message) {
	t.Helper()
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("no line of a mail: %d bytes, %.60q", len(line), line)
		}
	}
	got, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := (&mime.WordDecoder{}).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != want.Subject {
		t.Errorf("subject %q, %v; want %q", subject, err, want.Subject)
	}
	to, err := got.Header.AddressList("To")
	wanted, _ := mail.ParseAddress(want.To)
	if err != nil || len(to) != 1 || *to[0] != *wanted {
		t.Errorf("to %v, %v; want %v", to, err, wanted)
	}
	if from, err := got.Header.AddressList("From"); err != nil || len(from) != 1 {
		t.Errorf("from %v, %v; want one sender", from, err)
	}
	if at, err := got.Header.Date(); err != nil || !at.Equal(want.At) {
		t.Errorf("date %v, %v; want %v", at, err, want.At)
	}
	if id := got.Header.Get("Message-ID"); id != "<"+want.ID+">" {
		t.Errorf("Message-ID %q, want %q", id, want.ID)
	}
	kind, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if want.HTML == "" {
		mustBeText(t, kind, params, got.Header.Get("Content-Transfer-Encoding"), got.Body, "text/plain", want.Text)
		return
	}
	if kind != "multipart/alternative" {
		t.Fatalf("a mail of text and HTML is %s", kind)
	}
	parts := multipart.NewReader(got.Body, params["boundary"])
	for _, alternative := range []struct{ kind, body string }{{"text/plain", want.Text}, {"text/html", want.HTML}} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		mustBeText(t, kind, params, part.Header.Get("Content-Transfer-Encoding"), part, alternative.kind, alternative.body)
	}
	if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
		t.Errorf("more follows the last part: %v", err)
	}
}

func mustBeText(t *testing.T, kind string, params map[string]string, encoding string, body io.Reader, wantType, want string) {
	t.Helper()
	if kind != wantType || !strings.EqualFold(params["charset"], "utf-8") {
		t.Errorf("%s in %q, want %s in utf-8", kind, params["charset"], wantType)
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if got := strings.ReplaceAll(string(text), "\r\n", "\n"); err != nil || strings.TrimRight(got, "\n") != strings.TrimRight(want, "\n") {
		t.Errorf("text %.200q, %v; want %.200q", got, err, want)
	}
}
