package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

func TestDB_Backup(t *testing.T) {
	t.Parallel()

	t.Run("IsOneMomentOfARunningShop", func(t *testing.T) {
		t.Parallel()
		db := openNotes(t)
		mustWrite(t, db, "CREATE TABLE twins (id INTEGER PRIMARY KEY) STRICT")
		stop := make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() { // notes and twins are always as many
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := db.write(t.Context(), ports.Catalog, func(_ context.Context, s *session) error {
					if _, err := s.exec("INSERT INTO notes (note) VALUES (?1)", fmt.Sprint(i)); err != nil {
						return err
					}
					_, err := s.exec("INSERT INTO twins DEFAULT VALUES")
					return err
				}); err != nil {
					t.Error(err)
					return
				}
			}
		})
		for i := range 5 {
			path := filepath.Join(t.TempDir(), fmt.Sprint(i))
			if err := db.Backup(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			saved, err := Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if err := saved.view(t.Context(), func(s *session) error {
				return s.query("SELECT (SELECT count(*) FROM notes), (SELECT count(*) FROM twins)", func(r row) error {
					if r.int(0) != r.int(1) {
						t.Errorf("%d notes and %d twins", r.int(0), r.int(1))
					}
					return nil
				})
			}); err != nil {
				t.Error(err)
			}
			if err := saved.Close(); err != nil {
				t.Error(err)
			}
		}
		close(stop)
		writer.Wait()
	})

	t.Run("ReplacesNothing", func(t *testing.T) {
		t.Parallel()
		db := open(t)
		path := filepath.Join(t.TempDir(), "there")
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := db.Backup(t.Context(), path); !fault.Is(err, fault.Exists) {
			t.Errorf("got %v", err)
		}
		if b, err := os.ReadFile(path); string(b) != "mine" {
			t.Errorf("the file has %q, %v", b, err)
		}
	})

	t.Run("AFailureLeavesNothing", func(t *testing.T) {
		t.Parallel()
		db := open(t)
		dir := t.TempDir()
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := db.Backup(canceled, filepath.Join(dir, "a")); !fault.Is(err, fault.Canceled) {
			t.Errorf("canceled: %v", err)
		}
		if err := db.Backup(t.Context(), filepath.Join(dir, "none", "b")); !fault.Is(err, fault.Unavailable) {
			t.Errorf("no directory: %v", err)
		}
		closed := open(t)
		closed.Close()
		if err := closed.Backup(t.Context(), filepath.Join(dir, "c")); !fault.Is(err, fault.Unavailable) {
			t.Errorf("closed: %v", err)
		}
		if left, err := os.ReadDir(dir); len(left) != 0 || err != nil {
			t.Errorf("left %v, %v", left, err)
		}
	})
}

func TestVerify_KnowsAnIntactStore(t *testing.T) {
	t.Parallel()
	db, dir := openNotes(t), t.TempDir()
	mustWrite(t, db, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
		INSERT INTO notes (note) SELECT format('%0100d', i) FROM n`)
	whole := filepath.Join(dir, "whole")
	if err := db.Backup(t.Context(), whole); err != nil {
		t.Fatal(err)
	}
	if err := Verify(t.Context(), whole); err != nil {
		t.Errorf("intact: %v", err)
	}
	b, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte{}, b...)
	for i := len(b) - 3*4096; i < len(b); i++ {
		damaged[i] = 0xA5
	}
	for name, content := range map[string][]byte{"cut": b[:len(b)/2], "damaged": damaged, "empty": {}, "text": []byte("not a store")} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Verify(t.Context(), path); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Verify(t.Context(), filepath.Join(dir, "none")); !fault.Is(err, fault.Invalid) {
		t.Errorf("no file: %v", err)
	}
}
