package postgres

import (
	"testing"
)

func TestOpen_Migrates(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Config{URL: database(t), Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
