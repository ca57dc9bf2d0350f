package stack

import (
	"bytes"
	"io"
	"log"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Mails returns what the shop has sent so far, in no order: every delivery,
// also of a mail that came before.
func (s *Shop) Mails(t testing.TB) []*mail.Message {
	t.Helper()
	var raw [][]byte
	if s.inbox != nil {
		raw = s.inbox.all()
	} else {
		paths, err := filepath.Glob(filepath.Join(s.DataDir, "mail", "*.eml"))
		if err != nil {
			t.Fatalf("stack: %v", err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("stack: %v", err)
			}
			raw = append(raw, b)
		}
	}
	mails := make([]*mail.Message, len(raw))
	for i, b := range raw {
		m, err := mail.ReadMessage(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("stack: %v", err)
		}
		mails[i] = m
	}
	return mails
}

// inbox is a mail server that takes everything.
type inbox struct {
	addr string

	mu    sync.Mutex
	mails [][]byte
}

func newInbox(t testing.TB) *inbox {
	t.Helper()
	in := &inbox{}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return delivery{in}, nil }))
	server.Domain, server.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("stack: %v", err)
	}
	in.addr = l.Addr().String()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l) // until it is closed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		_ = l.Close() // which the server does not know yet if it has only just begun
		<-served
	})
	return in
}

func (in *inbox) all() [][]byte {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([][]byte{}, in.mails...)
}

// delivery is one connection.
type delivery struct{ in *inbox }

func (d delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d delivery) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (d delivery) Reset()                               {}
func (d delivery) Logout() error                        { return nil }

func (d delivery) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	d.in.mu.Lock()
	defer d.in.mu.Unlock()
	d.in.mails = append(d.in.mails, b)
	return nil
}
