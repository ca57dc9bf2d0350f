package postgres

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

// program returns the steps that a program knows.
func program(files ...string) fs.FS {
	dir := fstest.MapFS{}
	for i, sql := range files {
		dir["000"+string(rune('1'+i))+"_step.sql"] = &fstest.MapFile{Data: []byte(sql)}
	}
	return dir
}

func known(t *testing.T, files fs.FS) []step {
	t.Helper()
	all, err := steps(files)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// bare is a realm without a schema.
func bare(t *testing.T) *realm {
	t.Helper()
	p, err := openPrimary(t.Context(), Config{MaxConns: 4, ConnectTimeout: time.Minute}, "the database", database(t), limits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return &realm{name: "catalog", primary: p, queue: newQueue()}
}

func TestMigrate_OldProgramsServeWhatSaysSo(t *testing.T) {
	t.Parallel()
	first := "-- oldest: 1\n-- +goose Up\nCREATE TABLE catalog.a (x int);"
	added := "-- oldest: 1\n-- +goose Up\nCREATE TABLE catalog.b (x int);"
	changed := "-- oldest: 3\n-- +goose Up\nDROP TABLE catalog.a;"
	r := bare(t)
	for _, files := range []fs.FS{program(first), program(first, added), program(first), program(first, added)} { // forth, back, forth
		if err := migrateTo(t.Context(), r, files); err != nil {
			t.Fatal(err)
		}
		if err := servedBy(t.Context(), r, known(t, files)); err != nil {
			t.Fatal(err)
		}
	}
	if err := servedBy(t.Context(), r, known(t, program(first, added, changed))); !fault.Is(err, fault.Unavailable) || !strings.Contains(detail(err), "bodega migrate") {
		t.Errorf("a schema that is too old is served: %v", err)
	}
	if err := migrateTo(t.Context(), r, program(first, added, changed)); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{migrateTo(t.Context(), r, program(first, added)), servedBy(t.Context(), r, known(t, program(first, added)))} {
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(detail(err), "the catalog database was written by a newer Bodega") {
			t.Errorf("got %v", err)
		}
	}
}

func TestMigrate_AFailedStepLeavesNothing(t *testing.T) {
	t.Parallel()
	first := "-- oldest: 1\n-- +goose Up\nCREATE TABLE catalog.a (x int);"
	r := bare(t)
	if err := migrateTo(t.Context(), r, program(first, "-- oldest: 2\n-- +goose Up\nCREATE TABLE catalog.b (x int);\nCREATE TABLE catalog.a (x int);")); err == nil {
		t.Fatal("no error")
	}
	var half bool
	if err := r.read(t.Context(), func(q querier) error {
		return q.QueryRow(t.Context(), "SELECT to_regclass('catalog.b') IS NOT NULL").Scan(&half)
	}); err != nil || half {
		t.Errorf("half a step is there: %v, %v", half, err)
	}
	if err := migrateTo(t.Context(), r, program(first, "-- oldest: 2\n-- +goose Up\nCREATE TABLE catalog.b (x int);")); err != nil {
		t.Error(err)
	}
}

func TestMigrate_SeveralAtOnce(t *testing.T) {
	t.Parallel()
	first := "-- oldest: 1\n-- +goose Up\nCREATE TABLE catalog.a (x int);"
	r := bare(t)
	var all sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		all.Go(func() { errs[i] = migrateTo(t.Context(), r, program(first)) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

func TestSteps_MustSayTheOldestProgram(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"CREATE TABLE a (x int)", "-- oldest: x\n", "-- oldest: 0\n", "-- oldest: 2\n", "--oldest: 1\n"} {
		if _, err := steps(program(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
	for _, name := range []string{"a_step.sql", "1_step.sql", "0000_step.sql", "-001_step.sql"} {
		if _, err := steps(fstest.MapFS{name: &fstest.MapFile{Data: []byte("-- oldest: 1\n")}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	one := &fstest.MapFile{Data: []byte("-- oldest: 1\n")}
	if _, err := steps(fstest.MapFS{"0001_a.sql": one, "0001_b.sql": one}); err == nil {
		t.Error("a number twice: no error")
	}
	if all, err := steps(fstest.MapFS{"0001_a.sql": one, "0009_b.sql": one}); err != nil || newest(all) != 9 {
		t.Errorf("numbers with room between: %v, %v", all, err)
	}
	for _, realm := range []string{"catalog", "orders", "identity"} {
		files, err := fs.Sub(migrationFiles, "migrations/"+realm)
		if err != nil {
			t.Fatal(err)
		}
		all, err := steps(files)
		if err != nil || len(all) == 0 {
			t.Errorf("%s: %d steps, %v", realm, len(all), err)
		}
		for _, s := range all {
			text, err := fs.ReadFile(files, s.name)
			if err != nil || !strings.Contains(string(text), "\nSET lock_timeout = '2s';\n") {
				t.Errorf("%s: %s must wait for locks no longer than two seconds, %v", realm, s.name, err)
			}
		}
	}
}
