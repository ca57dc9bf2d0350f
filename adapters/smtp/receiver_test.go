package smtp_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	receiver "github.com/emersion/go-smtp"
)

// inbox is a mail server and what it has received.
type inbox struct {
	mu    sync.Mutex
	mails [][]byte
}

func (i *inbox) all() [][]byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([][]byte{}, i.mails...)
}

// session is one connection's.
type session struct{ in *inbox }

func (s session) Mail(string, *receiver.MailOptions) error { return nil }
func (s session) Rcpt(string, *receiver.RcptOptions) error { return nil }
func (s session) Reset()                                   {}
func (s session) Logout() error                            { return nil }

func (s session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	s.in.mails = append(s.in.mails, bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n")))
	return nil
}

// listen starts a server that speaks TLS in the way asked for.
func listen(t *testing.T, starttls, direct *tls.Config) (addr string, in *inbox) {
	t.Helper()
	in = &inbox{}
	server := receiver.NewServer(receiver.BackendFunc(func(*receiver.Conn) (receiver.Session, error) { return session{in}, nil }))
	server.Domain, server.TLSConfig, server.ErrorLog = "localhost", starttls, log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	if direct != nil {
		l = tls.NewListener(l, direct)
	}
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
	return addr, in
}

// authority makes a certificate for 127.0.0.1 and who vouches for it, valid by the
// wall clock and by that of a bubble.
func authority(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a shop's own"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, pool
}

// script says what a server answers to a command, by its first word; "BANNER"
// stands for the connection and "." for the end of the data. An answer that is
// empty is none.
type script map[string]string

const hangUp = "hang up" // an answer that ends the connection

var polite = script{
	"BANNER": "220 here", "EHLO": "250-here\r\n250 AUTH PLAIN LOGIN", "AUTH": "235 welcome", "MAIL": "250 ok", "RCPT": "250 ok",
	"DATA": "354 go on", ".": "250 taken", "QUIT": "221 bye",
}

func (s script) with(command, answer string) script {
	changed := maps.Clone(s)
	changed[command] = answer
	return changed
}

// play returns a way to a server that follows a script over TLS, and tells the
// user and password it was shown. Both are in the process, so that in a bubble no
// time passes but what somebody waits for.
func (s script) play(t *testing.T, config *tls.Config) (connect func(context.Context, string, string) (net.Conn, error), shown func() string) {
	t.Helper()
	var group sync.WaitGroup
	seen := make(chan string, 8)
	t.Cleanup(group.Wait) // clients end their connections, or the test would not end
	connect = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		group.Go(func() {
			conn := tls.Server(theirs, config)
			defer conn.Close()
			s.follow(conn, seen)
		})
		return ours, nil
	}
	return connect, func() string { return <-seen }
}

func (s script) follow(conn net.Conn, seen chan<- string) {
	if s.hangsUp(conn, "BANNER") {
		return
	}
	data := false
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		words := strings.Fields(lines.Text())
		switch {
		case data && lines.Text() != ".", len(words) == 0:
			continue
		case words[0] == "AUTH" && len(words) == 3:
			b, _ := base64.StdEncoding.DecodeString(words[2])
			seen <- strings.ReplaceAll(string(b), "\x00", " ")
		}
		data = words[0] == "DATA"
		if s.hangsUp(conn, words[0]) {
			return
		}
	}
}

func (s script) hangsUp(conn net.Conn, command string) bool {
	answer := s[command]
	if answer == "" || answer == hangUp {
		return answer == hangUp
	}
	_, err := io.WriteString(conn, answer+"\r\n")
	return err != nil
}
