package postgres

import (
	"testing"
)

func open(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), Config{URL: database(t), Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestOpen_Migrates(t *testing.T) {
	t.Parallel()
	db := open(t)
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
