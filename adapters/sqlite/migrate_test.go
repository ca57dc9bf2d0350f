package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/bodega-commerce/bodega/core/fault"
)

func steps(t *testing.T, files ...string) []migration {
	t.Helper()
	dir := fstest.MapFS{}
	for i, sql := range files {
		dir[filepath.Join("migrations", string(rune('1'+i))+".sql")] = &fstest.MapFile{Data: []byte(sql)}
	}
	all, err := migrations(dir)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func emptyFile(t *testing.T) *sqlite.Conn {
	t.Helper()
	conn, err := openWriter(filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestMigrate_OldProgramsServeWhatSaysSo(t *testing.T) {
	t.Parallel()
	first, added, changed := "-- oldest: 1\nCREATE TABLE a (x)", "-- oldest: 1\nCREATE TABLE b (x)", "-- oldest: 3\nDROP TABLE a"
	conn := emptyFile(t)
	for _, known := range [][]string{{first}, {first, added}, {first}, {first, added}} { // forth, back, forth
		if err := migrateTo(t.Context(), conn, steps(t, known...)); err != nil {
			t.Fatalf("a program of %d steps: %v", len(known), err)
		}
	}
	if version, oldest, err := schemaVersion(conn); version != 2 || oldest != 1 || err != nil {
		t.Errorf("schema %d, oldest %d, %v", version, oldest, err)
	}
	if err := migrateTo(t.Context(), conn, steps(t, first, added, changed)); err != nil {
		t.Fatal(err)
	}
	err := migrateTo(t.Context(), conn, steps(t, first, added))
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Unavailable || !strings.Contains(f.Detail, "newer") {
		t.Errorf("got %v", err)
	}
}

func TestMigrate_AFailedStepLeavesNothing(t *testing.T) {
	t.Parallel()
	conn := emptyFile(t)
	if err := migrateTo(t.Context(), conn, steps(t, "-- oldest: 1\nCREATE TABLE a (x)", "-- oldest: 2\nCREATE TABLE b (x); CREATE TABLE a (x)")); err == nil {
		t.Fatal("no error")
	}
	if version, _, err := schemaVersion(conn); version != 1 || err != nil {
		t.Errorf("schema %d, %v", version, err)
	}
	if err := sqlitex.ExecuteTransient(conn, "SELECT * FROM b", nil); err == nil {
		t.Error("half a step is there")
	}
	if err := migrateTo(t.Context(), conn, steps(t, "-- oldest: 1\nCREATE TABLE a (x)", "-- oldest: 2\nCREATE TABLE b (x)")); err != nil {
		t.Error(err)
	}
}

func TestMigrations_MustSayTheOldestProgram(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"CREATE TABLE a (x)", "-- oldest: x\n", "-- oldest: 0\n", "-- oldest: 2\n", "--oldest: 1\n"} {
		if _, err := migrations(fstest.MapFS{"migrations/1.sql": &fstest.MapFile{Data: []byte(text)}}); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
	if all, err := migrations(migrationFiles); err != nil || len(all) == 0 {
		t.Errorf("the program's own: %d steps, %v", len(all), err)
	}
}

func TestOpen_RefusesAnotherProgramsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "other.db")
	conn, err := openWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteScript(conn, "PRAGMA application_id = 7; CREATE TABLE theirs (x)", nil); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if _, err := Open(t.Context(), path); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}
