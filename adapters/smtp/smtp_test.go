package smtp_test

import (
	"context"
	"crypto/x509"
	"net"
	"net/mail"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bodega-commerce/bodega/adapters/smtp"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

var shop = mail.Address{Name: "Bodega", Address: "shop@shop.example"}

func mailer(t *testing.T, url string, o smtp.Options) *smtp.Mailer {
	t.Helper()
	if o.From == (mail.Address{}) {
		o.From = shop
	}
	m, err := smtp.New(url, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMailer(t *testing.T) {
	t.Parallel()
	const mayRepeat = "a mail server takes what it is given; whoever reads knows a mail by its Message-ID"
	certificate, cas := authority(t)
	t.Run("StartTLS", func(t *testing.T) {
		porttest.TestMailer(t, porttest.MailHarness{MayRepeat: mayRepeat, New: func(t *testing.T) (ports.Mailer, func() [][]byte) {
			addr, in := listen(t, certificate, nil)
			return mailer(t, "smtp://"+addr, smtp.Options{CAs: cas}), in.all
		}})
	})
	t.Run("TLS", func(t *testing.T) {
		porttest.TestMailer(t, porttest.MailHarness{MayRepeat: mayRepeat, New: func(t *testing.T) (ports.Mailer, func() [][]byte) {
			addr, in := listen(t, nil, certificate)
			return mailer(t, "smtps://"+addr, smtp.Options{CAs: cas}), in.all
		}})
	})
	t.Run("InTheClear", func(t *testing.T) {
		porttest.TestMailer(t, porttest.MailHarness{MayRepeat: mayRepeat, New: func(t *testing.T) (ports.Mailer, func() [][]byte) {
			addr, in := listen(t, nil, nil)
			return mailer(t, "smtp://"+addr+"?tls=none", smtp.Options{}), in.all
		}})
	})
}

func letter() ports.Message {
	return ports.Message{ID: "order-1@shop.example", To: "guest@example.com", Subject: "Hi", Text: "Hi.\n", At: time.Now()}
}

func TestMailer_Privacy(t *testing.T) {
	t.Parallel()
	certificate, cas := authority(t)

	t.Run("SendsNothingWithoutSTARTTLS", func(t *testing.T) {
		t.Parallel()
		addr, in := listen(t, nil, nil)
		if err := mailer(t, "smtp://"+addr, smtp.Options{CAs: cas}).Send(t.Context(), letter()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want unavailable", err)
		}
		if n := len(in.all()); n != 0 {
			t.Errorf("%d mails went in the clear", n)
		}
	})
	t.Run("OpportunisticDoesWithoutOrWith", func(t *testing.T) {
		t.Parallel()
		clear, withoutTLS := listen(t, nil, nil)
		private, withTLS := listen(t, certificate, nil)
		for addr, in := range map[string]*inbox{clear: withoutTLS, private: withTLS} {
			if err := mailer(t, "smtp://"+addr+"?tls=opportunistic", smtp.Options{CAs: cas}).Send(t.Context(), letter()); err != nil {
				t.Error(err)
			}
			if n := len(in.all()); n != 1 {
				t.Errorf("%d mails arrived", n)
			}
		}
	})
	t.Run("NobodyVouches", func(t *testing.T) {
		t.Parallel()
		starttls, _ := listen(t, certificate, nil)
		direct, _ := listen(t, nil, certificate)
		for _, url := range []string{"smtp://" + starttls, "smtps://" + direct, "smtp://" + starttls + "?tls=opportunistic"} {
			if err := mailer(t, url, smtp.Options{CAs: x509.NewCertPool()}).Send(t.Context(), letter()); !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s: got %v, want unavailable", url, err)
			}
		}
	})
	t.Run("NoPasswordInTheClear", func(t *testing.T) {
		t.Parallel()
		addr, in := listen(t, nil, nil)
		err := mailer(t, "smtp://user:geheim@"+addr+"?tls=opportunistic", smtp.Options{}).Send(t.Context(), letter())
		if !fault.Is(err, fault.Unavailable) || len(in.all()) != 0 {
			t.Errorf("got %v, want unavailable", err)
		}
	})
}

func TestMailer_Answers(t *testing.T) {
	t.Parallel()
	const url = "smtps://user:ge%40heim@127.0.0.1"
	certificate, cas := authority(t)
	for name, c := range map[string]struct {
		script script
		want   fault.Kind
	}{
		"BusyGreeting":      {polite.with("BANNER", "421 too many"), fault.Unavailable},
		"ClosedGreeting":    {polite.with("BANNER", "554 not you"), fault.Unavailable},
		"WrongPassword":     {polite.with("AUTH", "535 5.7.8 wrong"), fault.Unavailable},
		"NoWayToSignIn":     {polite.with("EHLO", "250 here"), fault.Unavailable},
		"SenderForGood":     {polite.with("MAIL", "550 not from you"), fault.Invalid},
		"SenderUnknownYet":  {polite.with("MAIL", "530 5.7.0 sign in first"), fault.Unavailable},
		"RecipientForGood":  {polite.with("RCPT", "550 5.1.1 nobody"), fault.Invalid},
		"RecipientFull":     {polite.with("RCPT", "452 4.2.2 full"), fault.Unavailable},
		"DataForGood":       {polite.with("DATA", "554 no"), fault.Invalid},
		"ContentForGood":    {polite.with(".", "554 5.6.0 spam"), fault.Invalid},
		"ContentLater":      {polite.with(".", "451 4.3.0 later"), fault.Unavailable},
		"DiesAtGreeting":    {polite.with("BANNER", hangUp), fault.Unavailable},
		"DiesAtRecipient":   {polite.with("RCPT", hangUp), fault.Unavailable},
		"DiesAtData":        {polite.with("DATA", hangUp), fault.Unavailable},
		"DiesAfterData":     {polite.with(".", hangUp), fault.Unknown},
		"SilentGreeting":    {polite.with("BANNER", ""), fault.Unavailable},
		"SilentRecipient":   {polite.with("RCPT", ""), fault.Unavailable},
		"SilentAfterData":   {polite.with(".", ""), fault.Unknown},
		"NonsenseRecipient": {polite.with("RCPT", "how do you do"), fault.Unavailable},
		"NonsenseAfterData": {polite.with(".", "how do you do"), fault.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				connect, _ := c.script.play(t, certificate)
				began := time.Now()
				err := mailer(t, url, smtp.Options{CAs: cas, Timeout: 5 * time.Second}).Over(connect).Send(t.Context(), letter())
				if !fault.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
	for name, s := range map[string]script{"Polite": polite, "RudeGoodbye": polite.with("QUIT", hangUp), "WrongGoodbye": polite.with("QUIT", "500 what")} {
		t.Run("TakenIsSent/"+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				connect, shown := s.play(t, certificate)
				if err := mailer(t, url, smtp.Options{CAs: cas}).Over(connect).Send(t.Context(), letter()); err != nil {
					t.Error(err)
				}
				if got := shown(); got != " user ge@heim" {
					t.Errorf("signed in as %q", got)
				}
			})
		})
	}
	t.Run("NobodyThere", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		_ = l.Close()
		if err := mailer(t, "smtp://"+addr, smtp.Options{}).Send(t.Context(), letter()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want unavailable", err)
		}
	})
	t.Run("CanceledInTheMiddle", func(t *testing.T) {
		t.Parallel()
		for command, want := range map[string]fault.Kind{"RCPT": fault.Canceled, ".": fault.Unknown} {
			synctest.Test(t, func(t *testing.T) {
				connect, _ := polite.with(command, "").play(t, certificate)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel) // when all wait
				began := time.Now()
				if err := mailer(t, url, smtp.Options{CAs: cas}).Over(connect).Send(ctx, letter()); !fault.Is(err, want) {
					t.Errorf("%s: got %v, want %v", command, err, want)
				}
				if took := time.Since(began); took != time.Second {
					t.Errorf("%s: it took %s", command, took)
				}
			})
		}
	})
}

func TestMailer_TheRecipientStaysOne(t *testing.T) {
	t.Parallel()
	addr, in := listen(t, nil, nil)
	m := mailer(t, "smtp://"+addr+"?tls=none", smtp.Options{})
	for _, to := range []string{`"a> NOTIFY=NEVER"@example.com`, `"a>\r\nRCPT TO:<b"@example.com`} {
		letter := letter()
		letter.To = to
		if err := m.Send(t.Context(), letter); err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", to, err)
		}
	}
	for _, raw := range in.all() {
		if head, _, _ := strings.Cut(string(raw), "\r\n\r\n"); strings.Contains(head, "\r\nRCPT") {
			t.Errorf("a line was made: %s", head)
		}
	}
}

func TestNew_Sender(t *testing.T) {
	t.Parallel()
	for _, from := range []mail.Address{{}, {Name: "Bodega"}, {Address: "nobody"}, {Address: "a@b\r\nBcc: c@d"}} {
		if _, err := smtp.New("smtp://mail.example", smtp.Options{From: from}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: got %v, want invalid", from, err)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"smtp://mail.example":                               "mail.example:587",
		"smtp://user:geheim@mail.example:2525":              "mail.example:2525",
		"smtps://user:geheim@mail.example/":                 "mail.example:465",
		"smtp://[::1]:25?tls=none":                          "[::1]:25",
		"smtp://user:geheim@mail.example?tls=opportunistic": "mail.example:587",
	} {
		s, err := smtp.Parse(raw)
		if err != nil || s.String() != want {
			t.Errorf("%s is %s, %v; want %s", raw, s, err, want)
		}
	}
	for _, raw := range []string{
		"", "mail.example", "mail.example:587", "smtp://", "http://mail.example", "smtp://user@mail.example", "smtp://:geheim@mail.example", "smtp://mail.example:0",
		"smtp://mail.example:99999", "smtp://mail.example:port", "smtp://mail.example/path", "smtp://mail.example?tls=off", "smtps://mail.example?tls=none",
		"smtp://user:geheim@mail.example?tls=none", "smtp://mail.example?timeout=3s", "smtp://user:geheim@mail.example#fragment",
	} {
		_, err := smtp.Parse(raw)
		if err == nil {
			t.Errorf("%q is understood", raw)
			continue
		}
		if line := err.Error(); strings.Contains(line, "\n") || strings.Contains(line, "geheim") {
			t.Errorf("%q: %q", raw, line)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("smtp://user:geheim@mail.example:587?tls=opportunistic")
	f.Add("smtps://[::1]")
	f.Fuzz(func(t *testing.T, raw string) {
		if s, err := smtp.Parse(raw); err == nil && (s.Host == "" || s.Port < 1 || s.Port > 65535) {
			t.Errorf("%q is %+v", raw, s)
		}
	})
}
