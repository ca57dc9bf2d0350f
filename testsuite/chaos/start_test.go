package chaos

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mustEndWithOneLine checks that a program ended badly and said why in a line.
func mustEndWithOneLine(t *testing.T, s *server, code int, parts ...string) {
	t.Helper()
	if got := s.exit(); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	said := s.said.String()
	if strings.Count(said, "\n") != 1 {
		t.Errorf("not one line: %q", said)
	}
	for _, part := range parts {
		if !strings.Contains(said, part) {
			t.Errorf("%q lacks %q", said, part)
		}
	}
}

func TestStart_SecondServer(t *testing.T) {
	t.Parallel()
	first := serve(t, t.TempDir())
	second := launch(t, first.dir)
	mustEndWithOneLine(t, second, 1, first.dir, "is in use", strings.TrimPrefix(first.url, "http://"))
	if !first.answers() {
		t.Error("the first server does not answer any more")
	}
	if code := first.interrupt(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	first.again() // the directory is free
}

func TestStart_ReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		dir := closed(t, openDir(t))
		mustEndWithOneLine(t, launchUnprivileged(t, dir), 1, dir, "permission denied")
	})
	t.Run("WithAStore", func(t *testing.T) {
		t.Parallel()
		s := serve(t, openDir(t))
		s.sell("TEE", 3)
		if code := s.interrupt(); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		closed(t, s.dir)
		mustEndWithOneLine(t, launchUnprivileged(t, s.dir), 1, s.dir)
	})
	t.Run("CannotBeMade", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(closed(t, openDir(t)), "shop")
		mustEndWithOneLine(t, launchUnprivileged(t, dir), 1, dir, "permission denied")
	})
	t.Run("IsAFile", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		mustEndWithOneLine(t, launch(t, file), 1, file, "not a directory")
	})
	t.Run("StoreIsNoStore", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "shop.db"), []byte(strings.Repeat("this is a diary\n", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		mustEndWithOneLine(t, launch(t, dir), 1, filepath.Join(dir, "shop.db"), "not an intact store")
	})
}

// nobody is the user that root runs an unprivileged server as: permissions do
// not hold root back.
const nobody = 65534

// openDir makes a directory that every user can reach.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bodega-chaos-data") //nolint:usetesting // other users cannot reach t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Chmod(dir, 0o755)
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// closed takes the permission to write from a directory and all in it.
func closed(t *testing.T, dir string) string {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o555)
		} else if err == nil {
			err = os.Chmod(path, 0o444)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// launchUnprivileged starts a server that is not root.
func launchUnprivileged(t *testing.T, dir string) *server {
	t.Helper()
	return launchAs(t, dir, func(a *syscall.SysProcAttr) {
		if os.Getuid() == 0 {
			a.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		}
	})
}

func TestStart_BadSettings(t *testing.T) {
	t.Parallel()
	wrong := map[string]string{
		"BODEGA_CURRENCY": "EURO", "BODEGA_TAX_RATES": "DE=19", "BODEGA_SHIPPING_FLAT": "-1", "BODEGA_RATE_LIMITS": "perhaps",
		"BODEGA_CART_TTL": "a month", "BODEGA_ADMIN_API_KEY": "short", "BODEGA_COLOUR": "red", "BODEGA_DATABASE_URL": "mysql://db",
	}
	var environ []string
	for name, value := range wrong {
		environ = append(environ, name+"="+value)
	}
	dir := filepath.Join(t.TempDir(), "data")
	s := launch(t, dir, environ...)
	if code := s.exit(); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	lines := strings.Split(strings.TrimSpace(s.said.String()), "\n")
	for name := range wrong {
		told := 0
		for _, line := range lines {
			if _, rule, found := strings.Cut(line, name+": "); found && rule != "" {
				told++
			}
		}
		if told == 0 {
			t.Errorf("no line for %s in:\n%s", name, s.said)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the data directory was made before the settings were checked")
	}
}

func TestStart_AddressInUse(t *testing.T) {
	t.Parallel()
	first := serve(t, t.TempDir())
	addr := strings.TrimPrefix(first.url, "http://localhost")
	mustEndWithOneLine(t, launch(t, t.TempDir(), "BODEGA_HTTP_ADDR=127.0.0.1"+addr), 1, "BODEGA_HTTP_ADDR", "address already in use")
}

func TestStart_OtherCurrency(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	s.sell("TEE", 1)
	if code := s.interrupt(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	mustEndWithOneLine(t, launch(t, s.dir, "BODEGA_CURRENCY=USD"), 2, "BODEGA_CURRENCY", "EUR", "USD")
}
