package main

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args       []string
		code       int
		out, notes string
	}{
		"NothingAsked":       {nil, exitDone, "reindex", ""},
		"Help":               {[]string{"--help"}, exitDone, "Bring a catalogue in", ""},
		"HelpOfACommand":     {[]string{"import", "--help"}, exitDone, "--strict", ""},
		"Version":            {[]string{"version"}, exitDone, "bodega ", ""},
		"UnknownCommand":     {[]string{"frobnicate"}, exitUsage, "", "frobnicate"},
		"UnknownFlag":        {[]string{"check", "--fast"}, exitUsage, "", "--fast"},
		"ArgumentMissing":    {[]string{"import"}, exitUsage, "", "<file>"},
		"NumberThatIsNone":   {[]string{"import", "--stock", "many", "-"}, exitUsage, "", "many"},
		"NumberOfNoUnits":    {[]string{"import", "--stock=-1", "-"}, exitUsage, "", "--stock: must be 0 to"},
		"HalfACommand":       {[]string{"jobs"}, exitUsage, "", "dead"},
		"DropOfEverything":   {[]string{"jobs", "drop"}, exitUsage, "", "--queue"},
		"FeedThatIsNotThere": {[]string{"import", "/nowhere/feed.jsonl"}, exitFailed, "", "/nowhere/feed.jsonl"},
		"FeedThatIsAFolder":  {[]string{"import", os.TempDir()}, exitFailed, "", "is a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bodega(t, t.TempDir(), "", c.args...).want(t, c.code, c.out, c.notes)
		})
	}
}

func TestRun_Settings(t *testing.T) {
	t.Parallel()
	var out, notes bytes.Buffer
	code := run(t.Context(), []string{"check"}, &terminal{nil, &out, &notes, []string{"BODEGA_DEMO=perhaps", "BODEGA_COLOUR=red"}})
	if code != exitUsage {
		t.Errorf("exit code %d, want %d", code, exitUsage)
	}
	for _, name := range []string{"BODEGA_DEMO", "BODEGA_COLOUR"} {
		if !strings.Contains(notes.String(), "bodega: "+name) {
			t.Errorf("no line for %s in %q", name, notes.String())
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestRun_AnswerNobodyGets(t *testing.T) {
	t.Parallel()
	var notes bytes.Buffer
	code := run(t.Context(), []string{"version"}, &terminal{nil, full{}, &notes, nil})
	if code != exitFailed || !strings.Contains(notes.String(), "no space left") {
		t.Errorf("exit code %d, noted %q", code, notes.String())
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	t.Run("WrongKey", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.write(t, "admin.key", "a-key-of-another-shop")
		bodega(t, p.dir, "", "check").want(t, exitFailed, "", "set BODEGA_ADMIN_API_KEY")
	})
	t.Run("NoKey", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		if err := os.Remove(p.dir + "/admin.key"); err != nil {
			t.Fatal(err)
		}
		bodega(t, p.dir, "", "check").want(t, exitFailed, "", "set BODEGA_ADMIN_API_KEY")
	})
	t.Run("ServerError", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("GET /v1/admin/check", func(w http.ResponseWriter, _ *http.Request) {
			fail(w, http.StatusInternalServerError, "internal", "something went wrong")
		})
		bodega(t, p.dir, "", "check").want(t, exitFailed, "", "req-1")
	})
	t.Run("NotAProblem", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("GET /v1/admin/check", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<h1>Bad Gateway</h1>", http.StatusBadGateway)
		})
		bodega(t, p.dir, "", "check").want(t, exitFailed, "", "answered 502 Bad Gateway")
	})
	t.Run("NotJSON", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("GET /v1/admin/check", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("fine")) })
		bodega(t, p.dir, "", "check").want(t, exitFailed, "", "something else than expected")
	})
	t.Run("BusyAtFirst", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		asked := 0
		p.HandleFunc("GET /v1/admin/check", func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked == 1 {
				fail(w, http.StatusTooManyRequests, "rate_limited", "too many requests")
				return
			}
			reply(w, http.StatusOK, map[string]any{"violations": []any{}})
		})
		bodega(t, p.dir, "", "check").want(t, exitDone, "true", "")
	})
	t.Run("OneLine", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("POST /v1/admin/import", func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusUnprocessableEntity, map[string]any{
				"status": 422, "code": "validation_failed", "detail": "the request is not valid",
				"errors": []any{map[string]any{"location": "query.stock", "code": "too_small", "message": "must be at least 0"}},
			})
		})
		r := bodega(t, p.dir, "{}\n", "import", "--stock=1", "-")
		r.want(t, exitFailed, "", "bodega: the request is not valid; query.stock must be at least 0 (validation_failed)\n")
		if strings.Count(r.notes, "\n") != 1 {
			t.Errorf("%q is not one line", r.notes)
		}
	})
}
