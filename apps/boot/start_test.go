package boot

import (
	"cmp"
	"context"
	"encoding/pem"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/adapters/httpapi"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/expect"
)

// on returns the settings of a server on a database of the test's own.
func on(t *testing.T, more ...string) Config {
	t.Helper()
	c, err := Load(shared(append([]string{
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
	c := on(t)
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

// What a person has to mend stops the start in one line that names the setting
// and tells no secret.
func TestStart_RefusedParts(t *testing.T) {
	t.Parallel()
	nothing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nothing.Close)
	stranger := nothing.Listener.Addr().String()
	locked := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(locked.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: locked.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	database := func(t *testing.T, change func(*url.URL)) string { return changed(t, containers.Postgres(t), change) }
	wrongPassword := func(u *url.URL) { u.User = url.UserPassword(cmp.Or(u.User.Username(), "somebody"), "not-the-password") }
	for name, setting := range map[string]func(t *testing.T) string{
		"DatabaseWrongPassword": func(t *testing.T) string { return "BODEGA_DATABASE_URL=" + database(t, wrongPassword) },
		"DatabaseMissing": func(t *testing.T) string {
			return "BODEGA_DATABASE_URL=" + database(t, func(u *url.URL) { u.Path = "/nowhere" })
		},
		"ReplicaIsAPrimary":  func(t *testing.T) string { return "BODEGA_DATABASE_REPLICA_URLS=" + containers.Postgres(t) },
		"CacheWrongPassword": func(t *testing.T) string { return "BODEGA_CACHE_URL=" + changed(t, containers.Redis(t), wrongPassword) },
		"CacheIsNotOne":      func(*testing.T) string { return "BODEGA_CACHE_URL=redis://" + stranger + "/0" },
		"QueueWrongPassword": func(t *testing.T) string {
			return "BODEGA_QUEUE_URL=" + changed(t, containers.RabbitMQ(t), wrongPassword)
		},
		"QueueWithoutItsVhost": func(t *testing.T) string {
			return "BODEGA_QUEUE_URL=" + changed(t, containers.RabbitMQ(t), func(u *url.URL) { u.Path = "/nowhere" })
		},
		"SearchIsNotOne":  func(*testing.T) string { return "BODEGA_SEARCH_URL=http://" + stranger },
		"SearchParameter": func(*testing.T) string { return "BODEGA_SEARCH_URL=http://" + stranger + "?index=products" },
		"SearchWrongPassword": func(*testing.T) string {
			return "BODEGA_SEARCH_URL=https://shop:not-the-password@" + locked.Listener.Addr().String() + "?ca=" + authority
		},
		"SearchUnknownAuthority": func(*testing.T) string {
			return "BODEGA_SEARCH_URL=https://shop:not-the-password@" + locked.Listener.Addr().String()
		},
		"SearchAuthorityMissing": func(*testing.T) string {
			return "BODEGA_SEARCH_URL=https://shop:not-the-password@" + locked.Listener.Addr().String() + "?ca=" + authority + ".old"
		},
		"MediaWrongSecret": func(t *testing.T) string { return "BODEGA_MEDIA_STORE=" + changed(t, containers.S3(t), wrongPassword) },
		"MediaIsNotOne":    func(*testing.T) string { return "BODEGA_MEDIA_STORE=s3://KEY:secret@" + stranger + "/media?tls=off" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			variable := setting(t)
			app, err := Start(t.Context(), on(t, "BODEGA_WORKER=on", variable))
			if err == nil {
				t.Fatal("it starts", app.Stop(context.Background()))
			}
			wrong, settings := errors.AsType[Errors](err)
			name, _, _ := strings.Cut(variable, "=")
			name = strings.Replace(name, "_DATABASE_REPLICA_URLS", "_DATABASE_URL and its siblings", 1)
			if line := err.Error(); !settings || len(wrong) != 1 || strings.Contains(line, "\n") || !strings.HasPrefix(line, "BODEGA_") || strings.Contains(line, "not-the-password") {
				t.Errorf("got %q", line)
			} else if !strings.HasPrefix(line, name+": ") {
				t.Errorf("got %q, want it about %s", line, name)
			}
		})
	}
}

// changed returns an address with something else in it.
func changed(t *testing.T, address string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// A server that only makes the shop faster need not be there.
func TestStart_WithoutWhatStandsBeside(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	_ = l.Close()
	c := on(t, "BODEGA_WORKER=on", "BODEGA_CACHE_URL=redis://"+nobody+"/0", "BODEGA_QUEUE_URL=amqp://u:p@"+nobody+"/shop",
		"BODEGA_SEARCH_URL=http://"+nobody, "BODEGA_MEDIA_STORE=s3://KEY:secret@"+nobody+"/media?tls=off")
	c.Log = slog.New(slog.DiscardHandler)
	app, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	h := app.health(t.Context())
	state := map[string]string{}
	for _, check := range h.Checks {
		state[strings.Fields(check.Name)[0]] = check.Status
	}
	want := map[string]string{"database": httpapi.Healthy, "cache": httpapi.Degraded, "queue": httpapi.Degraded, "search": httpapi.Degraded, "media": httpapi.Degraded}
	if h.Status != httpapi.Degraded || !maps.Equal(state, want) {
		t.Errorf("the shop is %s: %v", h.Status, state)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// Two servers whose indexes are their own would each miss half of what happens.
func TestStart_SecondServerOnADatabaseAlone(t *testing.T) {
	t.Parallel()
	c := on(t)
	first, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	refused := make(chan error, 1)
	go func() {
		_, err := Start(t.Context(), c)
		refused <- err
	}()
	command := c
	command.Role = Tool
	tool, err := Start(t.Context(), command) // may run beside it
	if err != nil {
		t.Fatal(err)
	}
	if err := tool.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-refused; err == nil || !strings.Contains(err.Error(), "another server runs on this database") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the second says %v", err)
	}
	if err := first.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	again, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestHealth_SchemaOfANewerProgram(t *testing.T) {
	t.Parallel()
	c := on(t)
	app, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	db, err := pgx.Connect(t.Context(), c.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	if _, err := db.Exec(t.Context(), "INSERT INTO orders.schema_steps (step, name, oldest) VALUES (999, 'of another program', 999)"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{httpapi.Unavailable, httpapi.Healthy} {
		expect.Soon(t, "the shop is "+want, func() bool { return app.health(t.Context()).Status == want })
		if want == httpapi.Unavailable {
			if _, err := Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "newer") || strings.Contains(err.Error(), "\n") {
				t.Errorf("another start says %v", err)
			}
			if _, err := db.Exec(t.Context(), "DELETE FROM orders.schema_steps WHERE step = 999"); err != nil {
				t.Fatal(err)
			}
		}
	}
}
