package boot

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// on returns the settings of a shop on a database of the test's own.
func on(t *testing.T, role Role, more ...string) Config {
	t.Helper()
	c, err := LoadAs(role, shared(append([]string{
		"BODEGA_HTTP_ADDR=127.0.0.1:0", "BODEGA_OPS_ADDR=127.0.0.1:0", "BODEGA_DATA_DIR=" + t.TempDir(),
		"BODEGA_DATABASE_URL=" + containers.Postgres(t), "BODEGA_DATABASE_CONNECTIONS=4",
	}, more...)...))
	if err != nil {
		t.Fatal(err)
	}
	c.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	return c
}

func TestStart_SchemaInProduction(t *testing.T) {
	t.Parallel()
	c := on(t, Server)
	c.Env = Production
	_, err := Start(t.Context(), c)
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "bodega migrate") {
		t.Fatalf("without a schema: %v", err)
	}
	c.Migrate = true
	for range 2 {
		app, err := Start(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		c.Migrate = false
	}
}
