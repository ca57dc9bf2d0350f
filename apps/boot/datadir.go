package boot

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// dataDir is the embedded shop's directory, held by one process at a time.
//
//	bodega.lock   held while a server or the CLI has the store open
//	shop.db       the store
//	media/ mail/  pictures, written mails
//	sandbox.log   the sandbox provider's ledger
//	admin.key     the API key with every permission, if it was made here
//	secret.key    the signing key, if it was made here
//	server.json   where the running server listens
//	spool/        uploaded feeds while they are imported
type dataDir struct {
	path string
	lock *flock.Flock
}

// openDataDir makes the directory if need be and takes its lock. The error of
// a directory that is in use says so in one line.
func openDataDir(path string) (*dataDir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("data directory %s cannot be made: %w", abs, cause(err))
	}
	d := &dataDir{path: abs, lock: flock.New(filepath.Join(abs, "bodega.lock"))}
	held, err := d.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("data directory %s cannot be written to: %w", abs, cause(err))
	}
	if !held {
		running, _ := ReadServerFile(abs)
		return nil, fmt.Errorf("data directory %s is in use%s: stop that program, or set BODEGA_DATA_DIR to another directory", abs, running.describe())
	}
	if err := ignoreMissing(os.Remove(d.file("server.json"))); err != nil { // of a server that was killed
		return nil, errors.Join(fmt.Errorf("data directory %s cannot be written to: %w", abs, cause(err)), d.lock.Unlock())
	}
	return d, nil
}

// file returns the path of something in the directory.
func (d *dataDir) file(name string) string { return filepath.Join(d.path, name) }

// close gives the lock back.
func (d *dataDir) close() error {
	return errors.Join(ignoreMissing(os.Remove(d.file("server.json"))), d.lock.Unlock())
}

// secret returns what is in a key file, made at first with 256 random bits.
func (d *dataDir) secret(name string) (string, error) {
	path := d.file(name)
	content, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(content))) >= 20 {
		return strings.TrimSpace(string(content)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s cannot be read: %w", path, cause(err))
	}
	raw := make([]byte, 32)
	rand.Read(raw)
	key := base64.RawURLEncoding.EncodeToString(raw)
	if err := d.write(name, []byte(key+"\n")); err != nil {
		return "", err
	}
	return key, nil
}

// writable tries whether there is room and leave for another few kilobytes.
func (d *dataDir) writable() error {
	f, err := os.CreateTemp(d.path, "probe-*")
	if err == nil {
		err = os.Remove(f.Name()) // nothing is left of it however the program ends
		if err == nil {
			_, err = f.Write(make([]byte, 64<<10))
		}
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("data directory %s cannot be written to: %w", d.path, cause(err))
	}
	return nil
}

// write replaces a file as a whole, readable by its owner only.
func (d *dataDir) write(name string, content []byte) error {
	path := d.file(name)
	tmp, err := os.CreateTemp(d.path, name+".*") // 0600
	if err == nil {
		defer os.Remove(tmp.Name()) // gone after the rename
		_, err = tmp.Write(content)
		err = errors.Join(err, tmp.Sync(), tmp.Close())
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, cause(err))
	}
	return nil
}

// empty makes a directory anew: what an earlier program left in it is gone.
func (d *dataDir) empty(name string) error {
	path := d.file(name)
	if err := errors.Join(os.RemoveAll(path), os.Mkdir(path, 0o700)); err != nil {
		return fmt.Errorf("%s cannot be made anew: %w", path, cause(err))
	}
	return nil
}

// ServerFile tells programs on the same machine where the server listens.
type ServerFile struct {
	URL string `json:"url"`
	PID int    `json:"pid"`
}

// ReadServerFile reads server.json of a data directory. Whether that server
// still runs, the lock tells.
func ReadServerFile(dir string) (ServerFile, error) {
	var f ServerFile
	content, err := os.ReadFile(filepath.Join(dir, "server.json"))
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(content, &f)
}

func (f ServerFile) describe() string {
	if f.PID == 0 {
		return ""
	}
	return fmt.Sprintf(" by the server at %s (process %d)", f.URL, f.PID)
}

func (d *dataDir) announce(url string) error {
	content, err := json.Marshal(ServerFile{URL: url, PID: os.Getpid()})
	if err != nil {
		return err
	}
	return d.write("server.json", append(content, '\n'))
}

// cause returns what the operating system said, without the path that the
// caller names already.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
