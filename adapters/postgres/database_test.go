package postgres

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// database returns the URL of an empty database of the test's own.
func database(t *testing.T) string {
	t.Helper()
	server := os.Getenv("BODEGA_TEST_POSTGRES_URL")
	if server == "" {
		t.Skip("BODEGA_TEST_POSTGRES_URL names no server")
	}
	return databaseOn(t, server)
}

func databaseOn(t *testing.T, server string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:12])
	run := func(ctx context.Context, sql string) {
		conn, err := pgx.Connect(ctx, server)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	run(t.Context(), "CREATE DATABASE "+name)
	t.Cleanup(func() { run(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
