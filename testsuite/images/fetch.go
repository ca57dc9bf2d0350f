package images

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// needs names the programs that a recipe's fetch.sh runs.
var needs = map[string][]string{
	Base:            {"debootstrap"},
	"elasticsearch": {"mvn", "unzip"},
	"s3":            {"go"},
}

// packages are Debian's for the programs that it has.
var packages = map[string]string{"debootstrap": "debootstrap", "mvn": "maven", "unzip": "unzip"}

// fetch runs the fetch.sh of a recipe, if it has one, and returns the archive
// that it made: the part of an image that is neither recipe nor package. It
// stays in the cache folder, one file per version of the script.
func (b Builder) fetch(ctx context.Context, name string) (string, error) {
	script, err := recipes.ReadFile(name + "/fetch.sh")
	if err != nil {
		return "", nil
	}
	file, err := cache("images", fmt.Sprintf("%s-%.8x.tar", name, sha256.Sum256(script)))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if name == Base && os.Getuid() != 0 {
		return "", errors.New("images: building the servers' images takes root on Debian; with a registry, pull the official images instead")
	}
	if err := b.require(ctx, needs[name]); err != nil {
		return "", err
	}
	b.Log("fetching the parts of " + tags[name] + " (about a minute)")
	part := fmt.Sprintf("%s.%d", file, os.Getpid()) // whole or not there, whoever else fetches
	defer os.Remove(part)
	shell := exec.CommandContext(ctx, "bash", "-s", part)
	shell.Stdin = bytes.NewReader(script)
	if err := run(shell); err != nil {
		return "", err
	}
	return file, os.Rename(part, file)
}

// require makes sure that programs are there.
func (b Builder) require(ctx context.Context, programs []string) error {
	var missing []string
	for _, program := range programs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if packages[program] == "" {
			return fmt.Errorf("images: %s is not installed", program)
		}
		missing = append(missing, packages[program])
	}
	if len(missing) == 0 {
		return nil
	}
	if !b.Install {
		return fmt.Errorf("images: missing: apt-get install %s", strings.Join(missing, " "))
	}
	return Install(ctx, b.Log, missing...)
}

// Install installs packages of Debian and says so.
func Install(ctx context.Context, log func(line string), names ...string) error {
	log("installing " + strings.Join(names, " ") + " (BODEGA_TEST_PROVISION=0 forbids it)")
	quiet := append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	for _, args := range [][]string{{"update"}, append([]string{"install", "-y", "--no-install-recommends"}, names...)} {
		// Two installs at once wait for each other.
		apt := exec.CommandContext(ctx, "apt-get", append([]string{"-qq", "-o", "DPkg::Lock::Timeout=300"}, args...)...)
		apt.Env = quiet
		if err := run(apt); err != nil {
			return err
		}
	}
	return nil
}

// cache returns the path of a file in the folder where downloads stay.
func cache(elements ...string) (string, error) {
	home := os.Getenv("XDG_CACHE_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		home = filepath.Join(user, ".cache")
	}
	file := filepath.Join(home, "bodega", filepath.Join(elements...))
	return file, os.MkdirAll(filepath.Dir(file), 0o755)
}

// buildContext streams what `docker build` reads: the files of a recipe and
// those of the archive fetched for it. wait returns the error of writing it.
func buildContext(name, fetched string) (files io.ReadCloser, wait func() error) {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := writeContext(w, name, fetched)
		w.CloseWithError(err)
		done <- err
	}()
	return r, func() error { return <-done }
}

func writeContext(w io.Writer, name, fetched string) error {
	out := tar.NewWriter(w)
	for file, content := range recipe(name) {
		if err := out.WriteHeader(&tar.Header{Name: file, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		if _, err := out.Write(content); err != nil {
			return err
		}
	}
	if fetched != "" {
		archive, err := os.Open(fetched)
		if err != nil {
			return err
		}
		defer archive.Close()
		for in := tar.NewReader(archive); ; {
			header, err := in.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			if err := out.WriteHeader(header); err != nil {
				return err
			}
			if _, err := io.Copy(out, in); err != nil {
				return err
			}
		}
	}
	return out.Close()
}
