package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/apps/boot"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
)

const tees = `{"sku":"TEE-S","title":"Tee","price":{"amount":1500,"currency":"EUR"},"family":"tee","options":{"Size":"S"},"stock":3}
{"sku":"TEE-M","title":"Tee","price":{"amount":1500,"currency":"EUR"},"family":"tee","options":{"Size":"M"}}
{"sku":"MUG","title":"Mug","price":{"amount":900,"currency":"USD"}}
`

// serve starts the real shop on a data directory.
func serve(t *testing.T, dir string) *boot.App {
	t.Helper()
	config := boot.Default()
	config.DataDir, config.HTTPAddr, config.OpsAddr = dir, "127.0.0.1:0", "127.0.0.1:0"
	config.Log = slog.New(slog.DiscardHandler)
	app, err := boot.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return app
}

// The same commands, through a server and alone, on the real shop.
func TestShop(t *testing.T) {
	t.Parallel()
	for name, served := range map[string]bool{"ThroughTheServer": true, "Alone": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			if served {
				serve(t, dir)
			}
			bodega(t, dir, "", "migrate").want(t, exitDone, "up to date", "")
			r := bodega(t, dir, tees, "import", "--stock", "5", "-")
			r.want(t, exitDone, "3 lines: 2 created, 0 updated, 0 unchanged, 1 rejected", "")
			if !strings.Contains(r.out, "line 3  MUG  currency_mismatch") {
				t.Errorf("the report does not name the bad line:\n%s", r.out)
			}
			bodega(t, dir, tees, "import", "-").want(t, exitDone, "2 unchanged, 1 rejected", "")
			bodega(t, dir, tees, "import", "--dry-run", "-").want(t, exitDone, "nothing was written", "")
			file := filepath.Join(t.TempDir(), "catalog.jsonl")
			bodega(t, dir, "", "export", file).want(t, exitDone, "", "")
			content, err := os.ReadFile(file)
			if err != nil || strings.Count(string(content), "\n") != 2 {
				t.Errorf("exported %q: %v", content, err)
			}
			bodega(t, dir, "", "import", file).want(t, exitDone, "2 unchanged, 0 rejected", "")
			bodega(t, dir, "", "reindex").want(t, exitDone, "1 products in the new index", "")
			bodega(t, dir, "", "check").want(t, exitDone, "true", "")
			bodega(t, dir, "", "jobs", "dead").want(t, exitDone, "REASON\n", "")
			bodega(t, dir, "", "jobs", "replay").want(t, exitDone, "0 jobs", "")
			bodega(t, dir, "", "payments", "list", "--in-doubt").want(t, exitDone, "SINCE\n", "")
			bodega(t, dir, "", "payments", "settle", "nonsense").want(t, exitFailed, "", "payment not found")
			bodega(t, dir, "", "orders", "show", "0000-0000-0").want(t, exitFailed, "", "order not found")
		})
	}
}

func TestShop_StrictImportWritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	serve(t, dir)
	bodega(t, dir, tees, "import", "--strict", "-").want(t, exitFailed, "0 created", "strict")
	if r := bodega(t, dir, "", "export", "-"); r.out != "" {
		t.Errorf("there is %q", r.out)
	}
}

func TestShop_BackupAndRestore(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	app := serve(t, dir)
	order := fixture.Order(t, app.Shop)
	bodega(t, dir, "", "orders", "resend-mail", order.Number).want(t, exitDone, "ada@example.com", "")
	saved := filepath.Join(t.TempDir(), "saved")
	bodega(t, dir, "", "backup", saved).want(t, exitDone, "secret keys among them", "")
	bodega(t, dir, "", "restore", "--force", saved).want(t, exitFailed, "", "is in use by the server")
	later := fixture.Order(t, app.Shop)
	if err := app.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	bodega(t, dir, "", "restore", saved).want(t, exitFailed, "", "--force")
	bodega(t, dir, "", "orders", "show", later.Number).want(t, exitDone, later.ID.String(), "")
	bodega(t, dir, "", "restore", "--force", saved).want(t, exitDone, "are in", "")
	bodega(t, dir, "", "orders", "show", order.Number).want(t, exitDone, order.ID.String(), "")
	bodega(t, dir, "", "orders", "show", later.Number).want(t, exitFailed, "", "order not found")
	bodega(t, dir, "", "check").want(t, exitDone, "true", "")
}
