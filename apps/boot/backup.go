package boot

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Backup writes the shop as a tar while it goes on: the store as of one moment,
// then everything the store speaks of (pictures, the sandbox's ledger) and the
// keys. In this order nothing that the store refers to can be missing.
func (a *App) Backup(ctx context.Context, to io.Writer) error {
	snapshot := a.dir.file("shop.db.backup-" + time.Now().UTC().Format("20060102T150405.000000000"))
	if err := a.file.Backup(ctx, snapshot); err != nil {
		return err
	}
	defer os.Remove(snapshot) // it is in the tar by then
	out := tar.NewWriter(to)
	if err := addFile(out, snapshot, "shop.db"); err != nil {
		return err
	}
	for _, name := range []string{"sandbox.log", "secret.key", "admin.key"} {
		if err := addFile(out, a.dir.file(name), name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, dir := range []string{"media", "mail"} {
		if err := a.addTree(ctx, out, dir); err != nil {
			return err
		}
	}
	return out.Close()
}

// addTree adds a directory's files.
func (a *App) addTree(ctx context.Context, out *tar.Writer, dir string) error {
	return filepath.WalkDir(a.dir.file(dir), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case entry.IsDir() && strings.HasPrefix(entry.Name(), "."): // what is being written
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		name, err := filepath.Rel(a.dir.path, path)
		if err != nil {
			return err
		}
		return ignoreMissing(addFile(out, path, filepath.ToSlash(name)))
	})
}

func addFile(out *tar.Writer, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // it was only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime(), Typeflag: tar.TypeReg}
	if err := out.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.CopyN(out, f, info.Size()) // a ledger may grow meanwhile
	return err
}
