package main

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.answer("GET /v1/admin/check", map[string]any{"violations": []violation{
		{"stock", "TEE-S", "3 reserved, 2 on hand"}, {"payments", "pay-1", "captured more than was asked"},
	}})
	r := bodega(t, p.dir, "", "check")
	r.want(t, exitFailed, "stock: TEE-S: 3 reserved, 2 on hand\npayments: pay-1:", "2 violations")
}

func TestCheck_SQL(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "nothing")
	r := bodega(t, dir, "", "check", "--sql")
	r.want(t, exitDone, "-- stock_within_bounds\n-- 0 <= reserved <= on_hand\nSELECT sku, location", "")
	if strings.Contains(r.out, "orders.stock") || strings.Contains(r.out, "partitions_are_ahead") {
		t.Errorf("the queries are another store's:\n%s", r.out)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a store was opened for it")
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.answer("GET /readyz", map[string]any{"status": "ok"})
	bodega(t, p.dir, "", "migrate").want(t, exitDone, "up to date", "")
}

// archive returns a tar of files given as name, content, name, content.
func archive(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Size: int64(len(files[i+1])), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tree returns the files below a directory.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestBackup(t *testing.T) {
	t.Parallel()
	whole := archive(t, "shop.db", "rows", "media/a/b.jpg", "pixels", "admin.key", "secret")
	for name, c := range map[string]struct {
		sent  []byte
		notes string // "": it succeeds
	}{
		"Whole":           {whole, ""},
		"BrokenOff":       {whole[:len(whole)-2000], "broke off"},
		"CutBetweenFiles": {whole[:1024], "broke off"},
		"WithoutAStore":   {archive(t, "admin.key", "secret"), "holds no shop.db"},
		"LeadingOutside":  {archive(t, "shop.db", "rows", "../evil", "x"), "evil"},
		"Twice":           {archive(t, "shop.db", "rows", "shop.db", "others"), "shop.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			p.HandleFunc("GET /v1/admin/backup", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(c.sent) })
			parent := t.TempDir()
			dir := filepath.Join(parent, "backups", "monday")
			r := bodega(t, p.dir, "", "backup", dir)
			if c.notes == "" {
				r.want(t, exitDone, "3 files", "")
				if got := tree(t, dir); len(got) != 3 || got["media/a/b.jpg"] != "pixels" {
					t.Errorf("unpacked %v", got)
				}
				return
			}
			r.want(t, exitFailed, "", c.notes)
			if left := tree(t, parent); len(left) != 0 {
				t.Errorf("left behind %v", left)
			}
		})
	}
	t.Run("NotEmpty", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "tuesday"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		bodega(t, p.dir, "", "backup", dir).want(t, exitFailed, "", "is not empty")
	})
}

func TestRestore(t *testing.T) {
	t.Parallel()
	saved := t.TempDir()
	for name, content := range map[string]string{"shop.db": "new rows", "admin.key": "new key", "media/a.jpg": "pixels"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(saved, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(saved, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("IntoNothing", func(t *testing.T) {
		t.Parallel()
		data := filepath.Join(t.TempDir(), "data")
		bodega(t, data, "", "restore", saved).want(t, exitDone, "3 files", "")
		if got := tree(t, data); got["shop.db"] != "new rows" || got["media/a.jpg"] != "pixels" {
			t.Errorf("restored %v", got)
		}
	})
	t.Run("OverAShop", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		for _, name := range []string{"shop.db", "shop.db-wal", "sandbox.log"} {
			if err := os.WriteFile(filepath.Join(data, name), []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		bodega(t, data, "", "restore", saved).want(t, exitFailed, "", "--force")
		if got := tree(t, data); got["shop.db"] != "old" {
			t.Fatalf("without --force the store became %q", got["shop.db"])
		}
		bodega(t, data, "", "restore", "--force", saved).want(t, exitDone, "3 files", "")
		got := tree(t, data)
		if got["shop.db"] != "new rows" || got["shop.db-wal"] != "" || got["sandbox.log"] != "" {
			t.Errorf("after --force there is %v", got)
		}
	})
	t.Run("UnderARunningServer", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		bodega(t, p.dir, "", "restore", "--force", saved).want(t, exitFailed, "", "is in use")
	})
	t.Run("FromNoBackup", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		bodega(t, data, "", "restore", "--force", t.TempDir()).want(t, exitFailed, "", "is not a backup")
		if strings.Contains(tree(t, data)["shop.db"], "rows") {
			t.Error("something was restored")
		}
	})
}
