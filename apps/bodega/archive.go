package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// The parts of a data directory that stay where they are when it is replaced,
// and the one without which there is no shop.
const (
	lockFile  = "bodega.lock"
	arriving  = "restore.partial"
	storeFile = "shop.db"
)

// mustBeEmpty refuses a directory with something in it.
func mustBeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty", dir)
	}
	return err
}

// unpack writes a tar's files into a directory that appears, under its name,
// when all of them are on disk. It returns how many there are.
func unpack(archive io.Reader, dir string) (files int, err error) {
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return 0, err
	}
	partial, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".partial-") // 0700
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(partial) }() // nothing is left of it after the rename
	root, err := os.OpenRoot(partial)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	store := false
	ending := &trailing{Reader: archive}
	for entries := tar.NewReader(ending); ; files++ {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) && ending.zeros >= endOfArchive {
			break
		}
		if err != nil {
			return 0, fmt.Errorf("the archive broke off: %w", err)
		}
		if header.Typeflag != tar.TypeReg {
			return 0, fmt.Errorf("the archive holds something that is no file: %s", header.Name)
		}
		if err := writeIn(root, header.Name, entries); err != nil {
			return 0, fmt.Errorf("%s: %w", header.Name, err)
		}
		store = store || header.Name == storeFile
	}
	if !store {
		return 0, fmt.Errorf("the archive holds no %s", storeFile)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	return files, os.Rename(partial, dir)
}

// endOfArchive is how many zero bytes a whole tar ends with. The standard
// library's reader takes one that was cut between two files for whole.
const endOfArchive = 1024

// trailing counts the zeros at the end of what was read through it.
type trailing struct {
	io.Reader
	zeros int
}

func (t *trailing) Read(b []byte) (int, error) {
	n, err := t.Reader.Read(b)
	rest := len(bytes.TrimRight(b[:n], "\x00"))
	if rest > 0 {
		t.zeros = 0
	}
	t.zeros += n - rest
	return n, err
}

// writeIn writes a file below root and waits until it is on disk.
func writeIn(root *os.Root, name string, content io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Sync(), f.Close())
}

// replaceFile writes a file that appears, under its name, when it is complete.
// A pipe or a device that is there is written to.
func replaceFile(name string, content io.Reader) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		return errors.Join(err, f.Close())
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone after the rename
	_, err = io.Copy(tmp, content)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.Rename(tmp.Name(), name)
}

// replaceData puts a copy of a backup in the place of what a data directory
// holds, which must be nothing unless force is set. The old files go when the
// new ones are on disk. The caller holds the directory's lock.
func replaceData(ctx context.Context, from, data string, force bool) (files int, err error) {
	if _, err := os.Stat(filepath.Join(from, storeFile)); err != nil {
		return 0, fmt.Errorf("%s is not a backup: %w", from, err)
	}
	old, err := contents(data)
	if err != nil {
		return 0, err
	}
	if len(old) > 0 && !force {
		return 0, fmt.Errorf("%s holds a shop already: --force replaces it", data)
	}
	partial := filepath.Join(data, arriving)
	if err := os.RemoveAll(partial); err != nil {
		return 0, err
	}
	if files, err = copyTree(ctx, from, partial); err != nil {
		return 0, errors.Join(err, os.RemoveAll(partial))
	}
	for _, name := range old {
		if err := os.RemoveAll(filepath.Join(data, name)); err != nil {
			return 0, err
		}
	}
	arrived, err := contents(partial)
	if err != nil {
		return 0, err
	}
	for _, name := range arrived {
		if err := os.Rename(filepath.Join(partial, name), filepath.Join(data, name)); err != nil {
			return 0, err
		}
	}
	return files, os.Remove(partial)
}

// contents returns the names of what is kept in a data directory.
func contents(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if !slices.Contains([]string{lockFile, arriving}, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// copyTree copies the files of a directory into a new one, readable by their
// owner only.
func copyTree(ctx context.Context, from, to string) (files int, err error) {
	if err := os.Mkdir(to, 0o700); err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	source := os.DirFS(from)
	err = fs.WalkDir(source, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == lockFile {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f, err := source.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		files++
		return writeIn(root, name, f)
	})
	return files, err
}
