package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/apps/boot"
)

const peerKey = "the-admin-key-of-the-peer"

// peer is a data directory with a server on it: the lock is held, server.json
// leads to the handler, and only the admin key is let in.
type peer struct {
	*http.ServeMux
	dir string
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{http.NewServeMux(), t.TempDir()}
	p.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/admin") && r.Header.Get("Authorization") != "Bearer "+peerKey {
			fail(w, http.StatusUnauthorized, "unauthenticated", "the API key is not known")
			return
		}
		p.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	release, err := boot.Hold(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = release() })
	p.write(t, "server.json", fmt.Sprintf(`{"url":%q,"pid":%d}`, server.URL, os.Getpid()))
	p.write(t, "admin.key", peerKey+"\n")
	return p
}

func (p *peer) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// answer has a route answer with JSON.
func (p *peer) answer(route string, body any) {
	p.HandleFunc(route, func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, body) })
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func fail(w http.ResponseWriter, status int, code, detail string) {
	reply(w, status, map[string]any{"title": http.StatusText(status), "status": status, "code": code, "detail": detail, "request_id": "req-1"})
}

// ran is what a command did.
type ran struct {
	code       int
	out, notes string
}

// bodega runs a command as on a machine whose settings name the directory.
func bodega(t *testing.T, dir, stdin string, args ...string) ran {
	t.Helper()
	return with(t, []string{"BODEGA_DATA_DIR=" + dir}, stdin, args...)
}

// with runs a command as on a machine with these settings.
func with(t *testing.T, environ []string, stdin string, args ...string) ran {
	t.Helper()
	var out, notes bytes.Buffer
	code := run(t.Context(), args, &terminal{strings.NewReader(stdin), &out, &notes, environ})
	return ran{code, out.String(), notes.String()}
}

func (r ran) want(t *testing.T, code int, out, notes string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	if !strings.Contains(r.out, out) {
		t.Errorf("printed %q, want it to hold %q", r.out, out)
	}
	if !strings.Contains(r.notes, notes) || notes == "" && r.notes != "" {
		t.Errorf("noted %q, want it to hold %q", r.notes, notes)
	}
}

func body(t *testing.T, r *http.Request) string {
	t.Helper()
	content, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	return string(content)
}
