package containers

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func postgres() service {
	return service{
		name: "postgres", title: "PostgreSQL", official: "postgres:15",
		ports: []string{"5432/tcp"},
		env:   map[string]string{"POSTGRES_USER": "bodega", "POSTGRES_PASSWORD": "bodega", "POSTGRES_DB": "bodega"},
		// Many test binaries at once, each with several pools. A crash of the machine
		// may take the data with it: it is gone with the test anyway.
		command: []string{
			"postgres", "-c", "max_connections=400", "-c", "shared_buffers=256MB", "-c", "wal_level=replica",
			"-c", "max_prepared_transactions=16", "-c", "fsync=off", "-c", "full_page_writes=off",
		},
		sharedMB: 512,
		url: func(address string) string {
			return plain("postgres", "bodega", "bodega", "/bodega")(address) + "?sslmode=disable"
		},
		ping: func(ctx context.Context, s *Server) error {
			return query(ctx, s.URL, func(*pgx.Conn) error { return nil })
		},
		patience: 2 * time.Minute,
	}
}

// Postgres returns the URL of an empty database, dropped after the test. Its
// user is a superuser. The server is shared: what holds for all its databases,
// such as roles and settings, is not the test's to change.
func Postgres(t testing.TB) string {
	t.Helper()
	server := shared(t, postgres()).URL
	database := unique(t)
	exec := func(ctx context.Context, statement string) error {
		return query(ctx, server, func(c *pgx.Conn) error {
			_, err := c.Exec(ctx, statement)
			return err
		})
	}
	if err := exec(t.Context(), "CREATE DATABASE "+database); err != nil {
		t.Fatalf("containers: %v", err)
	}
	after(t, func(ctx context.Context) error {
		return exec(ctx, "DROP DATABASE "+database+" WITH (FORCE)")
	})
	return withPath(t, server, database)
}

// query runs a function on a connection of its own.
func query(ctx context.Context, url string, do func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	// Closing tells the server; when that fails the connection is gone anyway.
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	return do(c)
}
