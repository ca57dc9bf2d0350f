package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"syscall"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

var _ ports.Files = (*Directory)(nil)

// Directory keeps files under their names in a directory.
type Directory struct{ folder folder }

// Dir returns the store in a directory, which is made at first use.
func Dir(path string) *Directory { return &Directory{folder{path: path}} }

// types are the content types that can be kept, by extension: a directory has
// no other place to note them.
var types = map[string]string{
	".jpg":   "image/jpeg",
	".png":   "image/png",
	".webp":  "image/webp",
	".txt":   "text/plain; charset=utf-8",
	".json":  "application/json",
	".jsonl": "application/x-ndjson",
	".gz":    "application/gzip",
	".bin":   "application/octet-stream",
}

// Put stores all of r, on disk when it returns. Invalid for a bad name, and for
// an extension that does not stand for the content type.
func (d *Directory) Put(ctx context.Context, name, contentType string, r io.Reader) error {
	if !clean(name) {
		return fault.InvalidField("name", "pattern", "must be letters, digits, dots, dashes and underscores between slashes")
	}
	if types[path.Ext(name)] != contentType {
		return fault.InvalidField("name", "pattern", "its extension does not stand for "+contentType)
	}
	return d.folder.put(ctx, name, func(w io.Writer) error {
		_, err := io.Copy(w, reader{ctx, r})
		return err
	})
}

// reader stops a copy when its context ends.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, fault.Wrap(fault.Canceled, "files: put", err)
	}
	return r.r.Read(b)
}

// Open returns the file. A name that cannot be one is not there.
func (d *Directory) Open(_ context.Context, name string) (ports.File, error) {
	if !clean(name) {
		return ports.File{}, fault.Missing("file")
	}
	root, err := d.folder.open()
	if err != nil {
		return ports.File{}, err
	}
	file, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return ports.File{}, fault.Missing("file")
	}
	if err != nil {
		return ports.File{}, fault.Wrap(fault.Unavailable, "files: open", err)
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = file.Close()
		if err != nil {
			return ports.File{}, fault.Wrap(fault.Unavailable, "files: open", err)
		}
		return ports.File{}, fault.Missing("file")
	}
	kind := types[path.Ext(name)]
	if kind == "" {
		kind = "application/octet-stream"
	}
	return ports.File{ReadSeekCloser: file, ContentType: kind, Size: info.Size()}, nil
}

// Delete removes a file. Readers that have it open keep it.
func (d *Directory) Delete(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, "files: delete", err)
	}
	if !clean(name) {
		return nil
	}
	root, err := d.folder.open()
	if err != nil {
		return err
	}
	err = root.Remove(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return fault.Wrap(fault.Unavailable, "files: delete", err)
	}
	return nil
}
