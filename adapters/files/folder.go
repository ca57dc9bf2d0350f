package files

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

// temporary is where files are written before they get their names. No name
// can reach it: no part of a name begins with a dot.
const temporary = ".partial"

// abandoned is the age at which a temporary file must be a dead process's.
const abandoned = 24 * time.Hour

// folder is a directory that is made and opened at first use. Everything stays
// inside it, whatever symbolic links it holds.
type folder struct {
	path string

	mu   sync.Mutex
	root *os.Root // nil: not open yet

	names flusher
}

func (f *folder) open() (*os.Root, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.root != nil {
		return f.root, nil
	}
	if err := os.MkdirAll(f.path, 0o755); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "files: open "+f.path, err)
	}
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "files: open "+f.path, err)
	}
	f.root = root
	sweep(root)
	return root, nil
}

// put writes a file whole under a name that is not there yet; one that is there
// stays as it is and write is not called. An error of write comes back as it is.
func (f *folder) put(ctx context.Context, name string, write func(io.Writer) error) error {
	root, err := f.open()
	if err != nil {
		return err
	}
	switch _, err := root.Lstat(name); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(fault.Unavailable, "files: put", err)
	}
	if err := mkdirs(root, temporary); err != nil {
		return fault.Wrap(fault.Unavailable, "files: put", err)
	}
	partial := path.Join(temporary, rand.Text())
	defer func() { _ = root.Remove(partial) }() // gone, or linked under its name
	if err := create(root, partial, write); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, "files: put", err)
	}
	if err := f.publish(root, partial, name); err != nil {
		return fault.Wrap(fault.Unavailable, "files: put", err)
	}
	return nil
}

// create writes a file and brings it to disk.
func create(root *os.Root, name string, write func(io.Writer) error) (err error) {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fault.Wrap(fault.Unavailable, "files: put", err)
	}
	w := &watched{w: file}
	lines := bufio.NewWriter(w) // sources write in small pieces
	if err = write(lines); err == nil {
		err = lines.Flush()
	}
	switch {
	case w.err != nil:
		err = fault.Wrap(fault.Unavailable, "files: put", w.err)
	case err == nil:
		if err = file.Sync(); err != nil {
			err = fault.Wrap(fault.Unavailable, "files: put", err)
		}
	}
	if closing := file.Close(); err == nil && closing != nil {
		err = fault.Wrap(fault.Unavailable, "files: put", closing)
	}
	return err
}

// watched remembers the disk's own error, to tell it from that of the source.
type watched struct {
	w   io.Writer
	err error
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.w.Write(b)
	if err != nil {
		w.err = err
	}
	return n, err
}

// publish gives a file its name unless it is taken. A hard link decides between
// several writers; a file system without them gets a rename, by which the last
// of several writers wins.
func (f *folder) publish(root *os.Root, partial, name string) error {
	dir := path.Dir(name)
	if err := mkdirs(root, dir); err != nil {
		return err
	}
	if err := root.Link(partial, name); err != nil && !errors.Is(err, fs.ErrExist) {
		if err := root.Rename(partial, name); err != nil {
			return err
		}
	}
	return f.names.sync(root, dir)
}

// mkdirs makes a directory and those above it, so that they last.
func mkdirs(root *os.Root, dir string) error {
	if dir == "." {
		return nil
	}
	if _, err := root.Stat(dir); err == nil {
		return nil
	}
	if err := mkdirs(root, path.Dir(dir)); err != nil {
		return err
	}
	if err := root.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(root, path.Dir(dir))
}

func syncDir(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// sweep removes what dead processes left half-written. It is best effort: what
// it misses only takes up space.
func sweep(root *os.Root) {
	dir, err := root.Open(temporary)
	if err != nil {
		return
	}
	defer dir.Close()
	entries, err := dir.ReadDir(100)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = root.Remove(path.Join(temporary, e.Name()))
		}
	}
}

const maxName = 512

// clean reports whether a name is one that may be kept: parts of ASCII letters,
// digits, dots, dashes and underscores between slashes, none of them empty,
// long or beginning with a dot.
func clean(name string) bool {
	if len(name) > maxName {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || len(part) > 200 {
			return false
		}
		for _, c := range part {
			switch {
			case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == '_':
			default:
				return false
			}
		}
	}
	return true
}
