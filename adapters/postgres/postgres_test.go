package postgres

import (
	"testing"
)

func open(t *testing.T) *DB {
	t.Helper()
	return openWith(t, Config{})
}

func openWith(t *testing.T, c Config) *DB {
	t.Helper()
	c.URL, c.Migrate = database(t), true
	db, err := Open(t.Context(), c)
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
