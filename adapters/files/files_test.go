package files_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestDirectory(t *testing.T) {
	porttest.TestFiles(t, func(t *testing.T) ports.Files { return files.Dir(filepath.Join(t.TempDir(), "made", "media")) })
}

func TestOutbox(t *testing.T) {
	porttest.TestMailer(t, porttest.MailHarness{New: func(t *testing.T) (ports.Mailer, func() [][]byte) {
		dir := filepath.Join(t.TempDir(), "mail")
		return files.Mail(dir), func() [][]byte {
			mails := [][]byte{}
			paths, err := filepath.Glob(filepath.Join(dir, "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range paths {
				if strings.HasPrefix(filepath.Base(path), ".") {
					continue
				}
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				mails = append(mails, b)
			}
			return mails
		}
	}})
}

func TestOutbox_NamesTheFileAfterTheMessage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	err := files.Mail(dir).Send(t.Context(), ports.Message{ID: "order-1@shop.example", To: "guest@example.com", Subject: "Hi", Text: "Hi", At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "order-1@shop.example.eml")); err != nil {
		t.Error(err)
	}
}

func TestDirectory_Put(t *testing.T) {
	t.Parallel()

	t.Run("ExtensionStandsForTheType", func(t *testing.T) {
		t.Parallel()
		store := files.Dir(t.TempDir())
		for name, kind := range map[string]string{"a.jpg": "image/png", "a": "text/html", "a.html": "text/html", "a.png": ""} {
			if err := store.Put(t.Context(), name, kind, strings.NewReader("x")); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s as %q gives %v, want invalid", name, kind, err)
			}
		}
	})

	t.Run("LinksDoNotLeadOut", func(t *testing.T) {
		t.Parallel()
		dir, outside := t.TempDir(), t.TempDir()
		if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
			t.Skip("no symbolic links here")
		}
		store := files.Dir(dir)
		if err := store.Put(t.Context(), "out/a.bin", "application/octet-stream", strings.NewReader("x")); err == nil {
			t.Error("a link was followed out of the directory")
		}
		if left, _ := os.ReadDir(outside); len(left) != 0 {
			t.Errorf("%d files were written outside", len(left))
		}
	})

	t.Run("LeavesNoPartsBehind", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		store := files.Dir(dir)
		old := filepath.Join(dir, ".partial", "of-a-dead-process")
		young := filepath.Join(dir, ".partial", "of-another-process")
		if err := os.MkdirAll(filepath.Dir(old), 0o755); err != nil {
			t.Fatal(err)
		}
		for path, age := range map[string]time.Duration{old: 48 * time.Hour, young: time.Minute} {
			if err := os.WriteFile(path, []byte("part"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Put(t.Context(), "a.bin", "application/octet-stream", strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(filepath.Join(dir, ".partial"))
		if err != nil || len(left) != 1 || left[0].Name() != "of-another-process" {
			t.Errorf("left %v, %v; want only what another process may be writing", left, err)
		}
	})

	t.Run("UnwritableIsUnavailable", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		blocked := filepath.Join(dir, "file")
		if err := os.WriteFile(blocked, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		store := files.Dir(filepath.Join(blocked, "media"))
		if err := store.Put(t.Context(), "a.bin", "application/octet-stream", strings.NewReader("x")); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want unavailable", err)
		}
	})
}
