package porttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// TestFiles is the contract of ports.Files. New returns an empty store.
func TestFiles(t *testing.T, open func(t *testing.T) ports.Files) {
	t.Parallel()

	t.Run("KeepsBytesAndType", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
		for name, content := range map[string][]byte{"empty.bin": {}, "deep/er/and-deeper/a_1.2.bin": large, "0": nil} {
			kind := "application/octet-stream"
			if name == "0" {
				name, kind = "images/0a/full.jpg", "image/jpeg"
				content = []byte("jpeg")
			}
			mustPut(t, store, name, kind, content)
			mustHold(t, store, name, kind, content)
		}
	})

	t.Run("SeeksAndReadsAgain", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		mustPut(t, store, "a.bin", "application/octet-stream", []byte("0123456789"))
		f, err := store.Open(t.Context(), "a.bin")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, from := range []int64{7, 0, 3} {
			if _, err := f.Seek(from, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(f); err != nil || string(b) != "0123456789"[from:] {
				t.Errorf("from %d: %q, %v", from, b, err)
			}
		}
	})

	t.Run("FirstUnderANameStays", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		mustPut(t, store, "a.bin", "application/octet-stream", []byte("first"))
		mustPut(t, store, "a.bin", "application/octet-stream", []byte("second, and longer"))
		mustHold(t, store, "a.bin", "application/octet-stream", []byte("first"))
	})

	t.Run("WritersAtOnceLeaveOneWhole", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		errs := make([]error, 8)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() {
				body := strings.Repeat(fmt.Sprint(i), 100_000)
				errs[i] = store.Put(t.Context(), "one.bin", "application/octet-stream", strings.NewReader(body))
			})
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		b := mustRead(t, store, "one.bin")
		if len(b) != 100_000 || bytes.Count(b, b[:1]) != len(b) {
			t.Errorf("%d bytes, beginning with %.20q: not one writer's", len(b), b)
		}
	})

	t.Run("BrokenSourceLeavesNothing", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		cause := fault.New(fault.TooLarge, "body_too_large", "too much")
		err := store.Put(t.Context(), "a.bin", "application/octet-stream", io.MultiReader(strings.NewReader("half"), failing{cause}))
		if !errors.Is(err, cause) {
			t.Errorf("got %v, want the source's own error", err)
		}
		_, err = store.Open(t.Context(), "a.bin")
		wantKind(t, err, fault.NotFound)
		mustPut(t, store, "a.bin", "application/octet-stream", []byte("whole"))
		mustHold(t, store, "a.bin", "application/octet-stream", []byte("whole"))
	})

	t.Run("CanceledLeavesNothing", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		err := store.Put(ctx, "a.bin", "application/octet-stream", io.MultiReader(strings.NewReader("half"), canceling{cancel}, strings.NewReader("rest")))
		wantKind(t, err, fault.Canceled)
		_, err = store.Open(t.Context(), "a.bin")
		wantKind(t, err, fault.NotFound)
	})

	t.Run("MissingIsNotFound", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		mustPut(t, store, "a/b.bin", "application/octet-stream", []byte("b"))
		for _, name := range []string{"nothing.bin", "a", "a/b.bin/c.bin", "A/missing.bin"} {
			_, err := store.Open(t.Context(), name)
			wantKind(t, err, fault.NotFound)
		}
	})

	t.Run("DeleteForgets", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		mustPut(t, store, "a/b.bin", "application/octet-stream", []byte("b"))
		mustPut(t, store, "a/c.bin", "application/octet-stream", []byte("c"))
		for range 2 {
			if err := store.Delete(t.Context(), "a/b.bin"); err != nil {
				t.Fatal(err)
			}
		}
		_, err := store.Open(t.Context(), "a/b.bin")
		wantKind(t, err, fault.NotFound)
		mustHold(t, store, "a/c.bin", "application/octet-stream", []byte("c"))
	})

	t.Run("BadNamesReachNothing", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		for _, name := range badNames {
			wantKind(t, store.Put(t.Context(), name, "application/octet-stream", strings.NewReader("x")), fault.Invalid)
			_, err := store.Open(t.Context(), name)
			wantKind(t, err, fault.NotFound)
			if err := store.Delete(t.Context(), name); err != nil {
				t.Errorf("deleting %q: %v", name, err)
			}
		}
	})
}

// badNames are no names of files: they would leave the store, or mean another
// thing on another system.
var badNames = []string{
	"", ".", "..", "/", "/etc/passwd", "../a.bin", "a/../../b.bin", "a/./b.bin", "a//b.bin", "a/", "/a.bin", ".hidden.bin", "a/.hidden.bin",
	`a\b.bin`, "a\x00.bin", "a\n.bin", "ä.bin", "a b.bin", "c:a.bin", "a%2f.bin", strings.Repeat("a", 300) + ".bin", strings.Repeat("a/", 500) + "a.bin",
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type canceling struct{ cancel context.CancelFunc }

func (c canceling) Read([]byte) (int, error) {
	c.cancel()
	return 0, io.EOF
}

func mustPut(t *testing.T, store ports.Files, name, contentType string, content []byte) {
	t.Helper()
	if err := store.Put(t.Context(), name, contentType, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t *testing.T, store ports.Files, name string) []byte {
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
	return b
}

func mustHold(t *testing.T, store ports.Files, name, contentType string, content []byte) {
	t.Helper()
	f, err := store.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil || !bytes.Equal(b, content) || f.ContentType != contentType || f.Size != int64(len(content)) {
		t.Errorf("%s is %d bytes (said %d) of %s, beginning %.20q, %v; want %d bytes of %s, beginning %.20q",
			name, len(b), f.Size, f.ContentType, b, err, len(content), contentType, content)
	}
}
