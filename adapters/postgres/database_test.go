package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := template.drop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if err := goleak.Find(containers.Torn()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// open opens a shop in an empty database of the test's own.
func open(t testing.TB) *DB {
	t.Helper()
	return openWith(t, Config{})
}

func openWith(t testing.TB, c Config) *DB {
	t.Helper()
	server := serverOf(t)
	c.URL = waiting(create(t, server, " TEMPLATE "+template.on(t, server)))
	db, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// database returns the URL of a database of the test's own without any schema.
func database(t testing.TB) string {
	t.Helper()
	return create(t, serverOf(t), "")
}

// serverOf returns the URL of a server's own database.
func serverOf(t testing.TB) string {
	t.Helper()
	template.mu.Lock()
	defer template.mu.Unlock()
	if template.server == "" {
		template.server = withDatabase(containers.Postgres(t), "postgres")
	}
	return template.server
}

// create makes a database that is dropped after the test.
func create(t testing.TB, server, how string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:12])
	if err := administer(t.Context(), server, "CREATE DATABASE "+name+how); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := administer(context.WithoutCancel(t.Context()), server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return withDatabase(server, name)
}

func administer(ctx context.Context, server, sql string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}

// waiting has sessions wait twice as long for a lock as those of a shop: who holds
// it is of the same process, which a busy machine may stop.
func waiting(database string) string {
	u, err := url.Parse(database)
	if err != nil {
		return database
	}
	query := u.Query()
	query.Set("lock_timeout", "4s")
	u.RawQuery = query.Encode()
	return u.String()
}

// template is a database with all migrations: copying it is ten times faster
// than running them.
var template templated

type templated struct {
	mu           sync.Mutex
	server, name string
}

func (d *templated) on(t testing.TB, server string) string {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.name != "" {
		return d.name
	}
	name := "template_" + strings.ToLower(rand.Text()[:12])
	if err := administer(t.Context(), server, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	d.name = name
	db, err := Open(t.Context(), Config{URL: withDatabase(server, name), Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func (d *templated) drop() error {
	if d.name == "" {
		return nil
	}
	return administer(context.Background(), d.server, "DROP DATABASE "+d.name+" WITH (FORCE)")
}
