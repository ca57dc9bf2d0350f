package elasticsearch

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// authority signs certificates that nobody trusts who does not know it.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string // its certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{file: filepath.Join(t.TempDir(), "ca.pem")}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "A shop's authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// sign returns a certificate for an address.
func (a *authority) sign(t *testing.T, address string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.ParseIP(address)}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, of, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secured stands before a real server as its security does: only https, with a
// certificate, and only for who knows the password.
func secured(t *testing.T, certificate tls.Certificate, password *atomic.Value) *httptest.Server {
	t.Helper()
	behind, err := url.Parse(containers.Elasticsearch(t))
	if err != nil {
		t.Fatal(err)
	}
	prefix := behind.Path
	behind.Path = ""
	pool := &http.Transport{}
	t.Cleanup(pool.CloseIdleConnections)
	proxy := &httputil.ReverseProxy{Transport: pool, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(behind) }}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, given, _ := r.BasicAuth(); user != "shop" || given != password.Load() {
			w.Header().Set("WWW-Authenticate", `Basic realm="security"`)
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":{"type":"security_exception","reason":"unable to authenticate user"},"status":401}`))
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	server.URL += prefix
	return server
}

func TestOpen_Secured(t *testing.T) {
	t.Parallel()
	ours, others := newAuthority(t), newAuthority(t)
	var password atomic.Value
	password.Store("p@ss/wörd")
	server := secured(t, ours.sign(t, "127.0.0.1"), &password)
	elsewhere := secured(t, ours.sign(t, "192.0.2.1"), &password)
	as := func(address string, who *url.Userinfo) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		u.User = who
		return u.String()
	}
	right := url.UserPassword("shop", "p@ss/wörd")

	for name, c := range map[string]struct{ url, ca, want string }{
		"WrongPassword":       {as(server.URL, url.UserPassword("shop", "secret")), ours.file, "refuses the user name and password"},
		"WrongUser":           {as(server.URL, url.UserPassword("secret", "p@ss/wörd")), ours.file, "refuses the user name and password"},
		"NoPassword":          {server.URL, ours.file, "refuses the user name and password"},
		"UnknownAuthority":    {as(server.URL, right), "", "signed by nobody known: name its CA file"},
		"AnotherAuthority":    {as(server.URL, right), others.file, "signed by nobody known: name its CA file"},
		"CertificateOfOthers": {as(elsewhere.URL, right), ours.file, "is not valid for it"},
		"SaidPlain":           {strings.Replace(as(server.URL, right), "https", "http", 1), ours.file, "speaks https, its URL says http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), []string{c.url}, Options{CAFile: c.ca})
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			for _, secret := range []string{"\n", "secret", "wörd", url.PathEscape("wörd")} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q has %q", err, secret)
				}
			}
		})
	}

	t.Run("Works", func(t *testing.T) {
		t.Parallel()
		var changing atomic.Value
		changing.Store("first")
		server := secured(t, ours.sign(t, "127.0.0.1"), &changing)
		o := quick
		o.CAFile = ours.file
		e := openAt(t, as(server.URL, url.UserPassword("shop", "first")), o)
		mustIndex(t, e, lamps(3)...)
		mustRefresh(t, e)
		if r, err := e.Search(t.Context(), search.Query{Text: "lamp"}); err != nil || r.Total != 3 {
			t.Errorf("found %d, %v", r.Total, err)
		}
		changing.Store("second") // that may be on its way to us
		if _, err := e.Search(t.Context(), search.Query{Text: "lamp"}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("with a password that was changed: %v", err)
		}
	})
}
