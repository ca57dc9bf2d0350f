package boot

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Hold takes the lock of a data directory, for a program that works on its
// files and opens no shop. The error of a directory that is in use says so.
func Hold(dir string) (release func() error, err error) {
	d, err := openDataDir(dir)
	if err != nil {
		return nil, err
	}
	return d.close, nil
}

// Running reports whether a program has the data directory open. The answer is
// of this moment: Start and Hold decide.
func Running(dir string) (bool, error) {
	path := filepath.Join(dir, "bodega.lock")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	lock := flock.New(path)
	free, err := lock.TryRLock()
	if err != nil || !free {
		return !free && err == nil, err
	}
	return false, lock.Unlock()
}
