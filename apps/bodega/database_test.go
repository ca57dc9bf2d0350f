package main

import (
	"context"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/apps/boot"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
)

// database returns the settings of a shop on a database of the test's own.
func database(t *testing.T) []string {
	t.Helper()
	return []string{
		"BODEGA_ENV=test", "BODEGA_DATABASE_URL=" + containers.Postgres(t), "BODEGA_DATABASE_CONNECTIONS=4", "BODEGA_DATA_DIR=" + t.TempDir(),
		"BODEGA_PUBLIC_URL=http://shop.test", "BODEGA_ADMIN_API_KEY=an-admin-key-of-a-test", "BODEGA_SECRET_KEY=a-secret-key-of-a-test",
		"BODEGA_HTTP_ADDR=127.0.0.1:0", "BODEGA_OPS_ADDR=127.0.0.1:0",
	}
}

// The commands work on the database, or on that of each realm, beside a server and
// without.
func TestDatabase(t *testing.T) {
	t.Parallel()
	for name, apart := range map[string][]string{
		"One": nil, "OneForEachRealm": {"BODEGA_CATALOG_DATABASE_URL", "BODEGA_ORDERS_DATABASE_URL", "BODEGA_IDENTITY_DATABASE_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := database(t)
			for _, realm := range apart {
				environ = append(environ, realm+"="+containers.Postgres(t))
			}
			testDatabase(t, environ)
		})
	}
}

func testDatabase(t *testing.T, environ []string) {
	t.Helper()
	with(t, environ, "", "migrate").want(t, exitDone, "up to date", "")
	with(t, environ, "", "migrate").want(t, exitDone, "up to date", "")
	with(t, environ, tees, "import", "--stock", "5", "-").want(t, exitDone, "3 lines: 2 created, 0 updated, 0 unchanged, 1 rejected", "")

	config, err := boot.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	config.Log = slog.New(slog.DiscardHandler)
	server, err := boot.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	with(t, environ, tees, "import", "-").want(t, exitDone, "2 unchanged, 1 rejected", "")
	with(t, environ, `{"sku":"CAP","title":"Cap","price":{"amount":700,"currency":"EUR"}}`+"\n", "import", "-").want(t, exitDone, "1 created", "")
	expect.Soon(t, "the server finds what the tool has imported", func() bool {
		found, err := server.Shop.Search.Find(t.Context(), core.FindProducts{Query: search.Query{Text: "cap"}})
		return err == nil && found.Total == 1
	})
	file := filepath.Join(t.TempDir(), "catalog.jsonl")
	with(t, environ, "", "export", file).want(t, exitDone, "", "")
	if content, err := os.ReadFile(file); err != nil || strings.Count(string(content), "\n") != 3 {
		t.Errorf("exported %q: %v", content, err)
	}
	order := fixture.Order(t, server.Shop)
	with(t, environ, "", "orders", "show", order.Number).want(t, exitDone, order.ID.String(), "")
	mailed := func() int {
		mails, err := filepath.Glob(filepath.Join(server.DataDir, "mail", "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		return len(mails)
	}
	expect.Soon(t, "the confirmation is sent", func() bool { return mailed() == 1 })
	with(t, environ, "", "orders", "resend-mail", order.Number).want(t, exitDone, "ada@example.com", "")
	expect.Soon(t, "the server sends what the tool has asked for", func() bool { return mailed() == 2 })
	with(t, environ, "", "jobs", "dead").want(t, exitDone, "REASON\n", "")
	with(t, environ, "", "payments", "list", "--in-doubt").want(t, exitDone, "SINCE\n", "")
	with(t, environ, "", "check").want(t, exitDone, "true", "")

	with(t, environ, "", "reindex").want(t, exitFailed, "", "the server's memory")
	with(t, environ, "", "backup", t.TempDir()).want(t, exitFailed, "", "the shop is in PostgreSQL")
	with(t, environ, "", "restore", t.TempDir()).want(t, exitFailed, "", "the shop is in PostgreSQL")
}

func TestDatabase_WrongSettings(t *testing.T) {
	t.Parallel()
	with(t, []string{"BODEGA_DATABASE_URL=postgres://u:secret@127.0.0.1/shop"}, "", "migrate").want(t, exitUsage, "", "BODEGA_ENV: must be set")
	environ := database(t)
	for i, setting := range environ {
		if address, found := strings.CutPrefix(setting, "BODEGA_DATABASE_URL="); found {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			u.User = url.UserPassword(u.User.Username(), "not-the-password")
			environ[i] = "BODEGA_DATABASE_URL=" + u.String()
		}
	}
	r := with(t, environ, "", "migrate")
	r.want(t, exitUsage, "", "BODEGA_DATABASE_URL: the database at")
	if strings.Contains(r.notes, "not-the-password") || strings.Count(r.notes, "\n") != 1 {
		t.Errorf("noted %q", r.notes)
	}
}
