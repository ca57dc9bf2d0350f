package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/bodega-commerce/bodega/adapters/s3"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

const kind = "application/octet-stream"

func open(t *testing.T, url string) *s3.Store {
	t.Helper()
	store, err := s3.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

func TestStore(t *testing.T) {
	porttest.TestFiles(t, func(t *testing.T) ports.Files { return open(t, containers.S3(t)) })
}

func TestStore_InAFolder(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(containers.S3(t))
	if err != nil {
		t.Fatal(err)
	}
	inner, outer := open(t, u.JoinPath("shops", "one").String()), open(t, u.String())
	if err := inner.Put(t.Context(), "a.bin", kind, strings.NewReader("one")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, outer, "shops/one/a.bin"); got != "one" {
		t.Errorf("in the folder is %q", got)
	}
	if _, err := outer.Open(t.Context(), "a.bin"); !fault.Is(err, fault.NotFound) {
		t.Errorf("beside the folder: %v", err)
	}
}

func read(t *testing.T, store *s3.Store, name string) string {
	t.Helper()
	f, err := store.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("MakesTheBucketOnce", func(t *testing.T) {
		t.Parallel()
		at := containers.S3(t)
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		secret, _ := u.User.Password()
		client, err := minio.New(u.Host, &minio.Options{Creds: credentials.NewStaticV4(u.User.Username(), secret, ""), Secure: u.Query().Get("tls") != "off"})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.RemoveBucket(t.Context(), strings.Trim(u.Path, "/")); err != nil {
			t.Fatal(err)
		}
		opened := make(chan error, 4)
		for range cap(opened) {
			go func() {
				store, err := s3.Open(t.Context(), at)
				if err == nil {
					err = store.Ping(t.Context())
					store.Close()
				}
				opened <- err
			}()
		}
		for range cap(opened) {
			if err := <-opened; err != nil {
				t.Error(err)
			}
		}
	})

	t.Run("RefusedKeyIsInvalid", func(t *testing.T) {
		t.Parallel()
		u, err := url.Parse(containers.S3(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, user := range []*url.Userinfo{url.UserPassword(u.User.Username(), "wrong-secret"), url.UserPassword("nobody", "wrong-secret")} {
			u.User = user
			_, err := s3.Open(t.Context(), u.String())
			if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "wrong-secret") {
				t.Errorf("%s: %v", user.Username(), err)
			}
		}
	})

	t.Run("NobodyThereYet", func(t *testing.T) {
		t.Parallel()
		u, err := url.Parse(containers.S3(t))
		if err != nil {
			t.Fatal(err)
		}
		link := containers.Proxy(t, u.Host)
		link.Down(t)
		u.Host = link.Address
		store := open(t, u.JoinPath().String())
		if err := store.Ping(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want unavailable", err)
		}
		if err := store.Put(t.Context(), "a.bin", kind, strings.NewReader("x")); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want unavailable", err)
		}
		link.Heal(t)
		if err := store.Put(t.Context(), "a.bin", kind, strings.NewReader("x")); err != nil {
			t.Error(err)
		}
	})

	t.Run("AnotherServerIsInvalid", func(t *testing.T) {
		t.Parallel()
		web := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(web.Close)
		if _, err := s3.Open(t.Context(), "s3://key:secret@"+web.Listener.Addr().String()+"/bucket?tls=off"); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v, want invalid", err)
		}
	})
}

func TestParse(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]s3.Location{
		"s3://KEY:SECRET@s3.example/media":                              {Host: "s3.example", TLS: true, Region: "us-east-1", Bucket: "media"},
		"s3://KEY:SEC%2FRET@127.0.0.1:9000/media/?tls=off":              {Host: "127.0.0.1:9000", Region: "us-east-1", Bucket: "media"},
		"s3://KEY:SECRET@s3.example/media/shop/one?region=eu-central-1": {Host: "s3.example", TLS: true, Region: "eu-central-1", Bucket: "media", Prefix: "shop/one/"},
	} {
		got, err := s3.Parse(raw)
		if err != nil || got.Host != want.Host || got.TLS != want.TLS || got.Region != want.Region || got.Bucket != want.Bucket || got.Prefix != want.Prefix {
			t.Errorf("%s is %+v, %v", raw, got, err)
		}
		if s := got.String(); strings.Contains(s, "SEC") || strings.Contains(s, "KEY") {
			t.Errorf("%s tells the secret", s)
		}
	}
	for _, raw := range []string{
		"", "media", "/var/media", "s3://", "s3://s3.example/media", "s3://KEY@s3.example/media", "s3://KEY:@s3.example/media", "s3://:SECRET@s3.example/media",
		"https://KEY:SECRET@s3.example/media", "s3://KEY:SECRET@s3.example", "s3://KEY:SECRET@s3.example/", "s3://KEY:SECRET@s3.example/UPPER",
		"s3://KEY:SECRET@s3.example/media/a b", "s3://KEY:SECRET@s3.example/media/../x", "s3://KEY:SECRET@s3.example/media?tls=maybe",
		"s3://KEY:SECRET@s3.example/media?secure=true", "s3://KEY:SECRET@s3.example/media?region=", "s3://KEY:SECRET@s3.example:port/media", "s3://KEY:SECRET@:9000/media",
	} {
		_, err := s3.Parse(raw)
		if err == nil {
			t.Errorf("%q is understood", raw)
			continue
		}
		if line := err.Error(); strings.Contains(line, "\n") || strings.Contains(strings.ReplaceAll(line, "KEY:SECRET@host", ""), "SECRET") {
			t.Errorf("%q: %q", raw, line)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("s3://KEY:SECRET@s3.example:9000/media/shop?region=eu-central-1&tls=off")
	f.Add("s3://[::1]/")
	f.Fuzz(func(t *testing.T, raw string) {
		l, err := s3.Parse(raw)
		if err == nil && (l.Host == "" || l.Bucket == "" || l.Region == "" || strings.HasPrefix(l.Prefix, "/")) {
			t.Errorf("%q is %+v", raw, l)
		}
	})
}

// gate is a way to the server on which something may happen to requests.
func gate(t *testing.T, at string, handle func(w http.ResponseWriter, r *http.Request, server http.Handler)) string {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	store := &url.URL{Scheme: "http", Host: u.Host}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(store)
		r.Out.Host = r.In.Host // it is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, proxy) }))
	t.Cleanup(server.Close)
	u.Host = server.Listener.Addr().String()
	return u.String()
}

func TestStore_Open(t *testing.T) {
	t.Parallel()

	t.Run("ReadsInOneRequestAndSeeksByRange", func(t *testing.T) {
		t.Parallel()
		var gets atomic.Int32
		store := open(t, gate(t, containers.S3(t), func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".bin") {
				gets.Add(1)
			}
			server.ServeHTTP(w, r)
		}))
		content := bytes.Repeat([]byte("0123456789"), 100_000)
		if err := store.Put(t.Context(), "a.bin", kind, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		f, err := store.Open(t.Context(), "a.bin")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Seek(0, io.SeekEnd); err != nil { // as http.ServeContent asks for the size
			t.Fatal(err)
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(readOnly{f}, content); err != nil {
			t.Error(err)
		}
		if n := gets.Load(); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
		if _, err := f.Seek(-5, io.SeekEnd); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); err != nil || string(b) != "56789" {
			t.Errorf("the end is %q, %v", b, err)
		}
		if n := gets.Load(); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
		if _, err := f.Seek(-1, io.SeekStart); !fault.Is(err, fault.Invalid) {
			t.Errorf("before the beginning: %v", err)
		}
		if _, err := f.Seek(20_000_000, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if n, err := f.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("behind the end: %d, %v", n, err)
		}
	})

	t.Run("CutOffIsAnError", func(t *testing.T) {
		t.Parallel()
		store := open(t, gate(t, containers.S3(t), func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".bin") {
				w = &cutting{ResponseWriter: w, left: 50_000}
			}
			server.ServeHTTP(w, r)
		}))
		if err := store.Put(t.Context(), "a.bin", kind, strings.NewReader(strings.Repeat("x", 500_000))); err != nil {
			t.Fatal(err)
		}
		f, err := store.Open(t.Context(), "a.bin")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if b, err := io.ReadAll(f); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%d bytes, %v; want unavailable", len(b), err)
		}
	})

	t.Run("CanceledWhileReading", func(t *testing.T) {
		t.Parallel()
		store := open(t, containers.S3(t))
		if err := store.Put(t.Context(), "a.bin", kind, bytes.NewReader(make([]byte, 32<<20))); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		f, err := store.Open(ctx, "a.bin")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cancel()
		if _, err := io.ReadAll(f); !fault.Is(err, fault.Canceled) {
			t.Errorf("got %v, want canceled", err)
		}
	})
}

// readOnly hides that a file can seek.
type readOnly struct{ io.Reader }

// cutting ends the connection in the middle of an answer.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(b []byte) (int, error) {
	if c.left -= len(b); c.left < 0 {
		panic(http.ErrAbortHandler)
	}
	return c.ResponseWriter.Write(b)
}

func TestStore_Put(t *testing.T) {
	t.Parallel()

	t.Run("RefusalIsUnavailable", func(t *testing.T) {
		t.Parallel()
		store := open(t, gate(t, containers.S3(t), refusing(http.StatusForbidden)))
		if err := store.Put(t.Context(), "a.bin", kind, strings.NewReader("x")); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want unavailable", err)
		}
		if err := store.Delete(t.Context(), "a.bin"); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want unavailable", err)
		}
	})

	t.Run("PassesATroubleThatPasses", func(t *testing.T) {
		t.Parallel()
		var puts atomic.Int32
		store := open(t, gate(t, containers.S3(t), func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			if strings.HasSuffix(r.URL.Path, ".bin") && r.Method == http.MethodPut && puts.Add(1) == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			server.ServeHTTP(w, r)
		}))
		if err := store.Put(t.Context(), "a.bin", kind, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if got := read(t, store, "a.bin"); got != "x" {
			t.Errorf("holds %q", got)
		}
	})

	t.Run("LostAnswerIsUnknown", func(t *testing.T) {
		t.Parallel()
		store := open(t, gate(t, containers.S3(t), func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			if strings.HasSuffix(r.URL.Path, ".bin") && r.Method == http.MethodPut {
				panic(http.ErrAbortHandler)
			}
			server.ServeHTTP(w, r)
		}))
		if err := store.Put(t.Context(), "a.bin", kind, strings.NewReader("x")); !fault.Is(err, fault.Unknown) {
			t.Errorf("got %v, want unknown", err)
		}
	})
}

// refusing answers requests for objects by itself.
func refusing(status int) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if strings.HasSuffix(r.URL.Path, ".bin") {
			w.WriteHeader(status)
			return
		}
		server.ServeHTTP(w, r)
	}
}

func TestStore_Silence(t *testing.T) {
	t.Parallel()
	store := open(t, gate(t, containers.S3(t), func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if strings.HasSuffix(r.URL.Path, ".bin") {
			<-r.Context().Done()
			return
		}
		server.ServeHTTP(w, r)
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := store.Open(ctx, "a.bin")
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}
