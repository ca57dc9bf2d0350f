package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const feedLine = `{"sku":"TEE-S","title":"Tee","price":{"amount":1500,"currency":"EUR"}}` + "\n"

// takesImports has the peer take a feed and answer its report after a while.
func (p *peer) takesImports(t *testing.T, report map[string]any) (got *http.Request, feed *string) {
	t.Helper()
	got, feed = &http.Request{}, new(string)
	p.HandleFunc("POST /v1/admin/import", func(w http.ResponseWriter, r *http.Request) {
		*got, *feed = *r, body(t, r)
		w.Header().Set("Location", "/v1/admin/imports/im-1")
		reply(w, http.StatusAccepted, map[string]any{"id": "im-1", "status": "queued"})
	})
	asked := 0
	p.HandleFunc("GET /v1/admin/imports/im-1", func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			reply(w, http.StatusOK, map[string]any{"id": "im-1", "status": "running", "lines": 1})
			return
		}
		reply(w, http.StatusOK, report)
	})
	return got, feed
}

func TestImport(t *testing.T) {
	t.Parallel()
	t.Run("FromAFile", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		got, feed := p.takesImports(t, map[string]any{
			"status": "succeeded", "lines": 2, "created": 1, "rejected": 1,
			"notes":  []string{"2 values of weight became text"},
			"errors": []any{map[string]any{"line": 2, "sku": "TEE-M", "code": "currency_mismatch", "message": "the price is in USD"}},
		})
		file := filepath.Join(t.TempDir(), "feed.jsonl")
		if err := os.WriteFile(file, []byte(feedLine), 0o600); err != nil {
			t.Fatal(err)
		}
		r := bodega(t, p.dir, "", "import", "--stock", "5", "--dry-run", file)
		r.want(t, exitDone, "2 lines: 1 created, 0 updated, 0 unchanged, 1 rejected\n", "")
		for _, part := range []string{"line 2  TEE-M  currency_mismatch  the price is in USD\n", "note: 2 values of weight became text\n"} {
			if !strings.Contains(r.out, part) {
				t.Errorf("the report %q lacks %q", r.out, part)
			}
		}
		if *feed != feedLine || got.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("sent %q as %s", *feed, got.Header.Get("Content-Type"))
		}
		if q := got.URL.Query(); q.Get("stock") != "5" || q.Get("dry_run") != "true" || q.Get("strict") != "false" {
			t.Errorf("asked for %s", got.URL.RawQuery)
		}
	})
	t.Run("GzipFromAPipe", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		got, feed := p.takesImports(t, map[string]any{"status": "succeeded", "lines": 1, "unchanged": 1})
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = io.WriteString(z, feedLine)
		_ = z.Close()
		bodega(t, p.dir, packed.String(), "import", "-").want(t, exitDone, "1 unchanged", "")
		if *feed != packed.String() || got.Header.Get("Content-Type") != "application/gzip" {
			t.Errorf("the feed was not passed on as it came, as %s", got.Header.Get("Content-Type"))
		}
	})
	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.takesImports(t, map[string]any{"status": "succeeded"})
		bodega(t, p.dir, "", "import", "-").want(t, exitDone, "0 lines", "")
	})
	t.Run("Failed", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.takesImports(t, map[string]any{"status": "failed", "lines": 3, "failure": "line 3 is not JSON"})
		bodega(t, p.dir, feedLine, "import", "--strict", "-").want(t, exitFailed, "3 lines", "the import failed: line 3 is not JSON")
	})
	t.Run("ManyRejects", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.takesImports(t, map[string]any{"status": "succeeded", "lines": 2, "rejected": 2, "errors_truncated": true, "errors": []any{map[string]any{"line": 1}}})
		p.HandleFunc("GET /v1/admin/imports/im-1/errors", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"line":1,"sku":"A","code":"pattern","message":"x"}`+"\n"+`{"line":2,"sku":"B","code":"pattern","message":"y"}`+"\n")
		})
		bodega(t, p.dir, feedLine, "import", "-").want(t, exitDone, "line 1  A  pattern  x\nline 2  B  pattern  y\n", "")
	})
}

func TestExport(t *testing.T) {
	t.Parallel()
	t.Run("ToStandardOutput", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("GET /v1/admin/export", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, feedLine) })
		if r := bodega(t, p.dir, "", "export", "-"); r.out != feedLine || r.code != exitDone {
			t.Errorf("wrote %q, exit code %d", r.out, r.code)
		}
	})
	t.Run("BrokenOffLeavesTheOldFile", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("GET /v1/admin/export", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			_, _ = io.WriteString(w, feedLine)
		})
		dir := t.TempDir()
		file := filepath.Join(dir, "feed.jsonl")
		if err := os.WriteFile(file, []byte("yesterday's"), 0o600); err != nil {
			t.Fatal(err)
		}
		bodega(t, p.dir, "", "export", file).want(t, exitFailed, "", "feed.jsonl")
		if content, _ := os.ReadFile(file); string(content) != "yesterday's" {
			t.Errorf("the file holds %q now", content)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("%d files were left behind", len(left)-1)
		}
	})
}

func TestReindex(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		last  map[string]any
		code  int
		out   string
		notes string
	}{
		"Done":   {map[string]any{"status": "succeeded", "products": 61}, exitDone, "61 products", ""},
		"Failed": {map[string]any{"status": "failed", "failure": "the disk is full"}, exitFailed, "", "the disk is full"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			p.HandleFunc("POST /v1/admin/search/reindex", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
			asked := 0
			p.HandleFunc("GET /v1/admin/search/reindex", func(w http.ResponseWriter, _ *http.Request) {
				if asked++; asked == 1 {
					reply(w, http.StatusOK, map[string]any{"status": "running", "products": 10})
					return
				}
				reply(w, http.StatusOK, c.last)
			})
			bodega(t, p.dir, "", "reindex").want(t, c.code, c.out, c.notes)
		})
	}
}
