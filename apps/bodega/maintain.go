package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"

	"github.com/bodega-commerce/bodega/adapters/postgres"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/apps/boot"
)

type migrate struct{}

// Run opens the store, which is what brings it up to date. With the embedded
// store a running server did it when it started.
func (c *migrate) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(api *client) error {
		if err := api.get(ctx, "/readyz", nil); err != nil {
			return err
		}
		say(t.out, "the store is up to date\n")
		return nil
	}, func(c *boot.Config) { c.Migrate = true })
}

type check struct {
	SQL bool `name:"sql" help:"Print the queries instead, to be run by hand."`
}

// violation is a broken invariant.
type violation struct {
	Invariant string `json:"invariant"`
	Subject   string `json:"subject"`
	Detail    string `json:"detail"`
}

// Run prints a line per violation; any is a failure.
func (c *check) Run(ctx context.Context, t *terminal) error {
	if c.SQL {
		return c.print(t)
	}
	return t.with(ctx, func(api *client) error {
		var found struct {
			Violations []violation `json:"violations"`
		}
		if err := api.get(ctx, "/v1/admin/check", &found); err != nil {
			return err
		}
		for _, v := range found.Violations {
			say(t.out, "%s: %s: %s\n", v.Invariant, v.Subject, v.Detail)
		}
		if n := len(found.Violations); n > 0 {
			return fmt.Errorf("%d violations", n)
		}
		say(t.out, "everything that must be true is true\n")
		return nil
	})
}

// print writes the queries for the store that is configured, which it does not
// open, each under the name of its invariant.
func (c *check) print(t *terminal) error {
	config, err := boot.LoadAs(boot.Tool, t.environ)
	if err != nil {
		return err
	}
	all := sqlite.Invariants()
	if config.DatabaseURL != "" {
		all = postgres.Invariants()
	}
	for _, i := range all {
		say(t.out, "-- %s\n%s\n\n", i.Name, i.SQL)
	}
	return nil
}

type backup struct {
	Dir string `arg:"" help:"A new or empty directory."`
}

// Run streams a copy of everything into the directory, which appears when it
// is complete.
func (c *backup) Run(ctx context.Context, t *terminal) error {
	if _, err := t.withFiles("copy its databases and its store of pictures by their own means, see docs/operations.md"); err != nil {
		return err
	}
	if err := mustBeEmpty(c.Dir); err != nil {
		return err
	}
	return t.with(ctx, func(api *client) error {
		answer, err := api.send(ctx, http.MethodGet, "/v1/admin/backup", "", nil)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		bar := t.progress("backing up", "bytes")
		defer bar.end()
		files, err := unpack(&counted{answer.Body, bar, 0, 0}, c.Dir)
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		bar.end()
		say(t.out, "%d files in %s, secret keys among them\n", files, c.Dir)
		return nil
	})
}

type restore struct {
	Dir   string `arg:"" help:"A directory that backup wrote."`
	Force bool   `help:"Replace what the data directory holds now."`
}

// Run puts a backup where the data directory is. It holds the directory's lock
// all the while, so no server can run or start on it.
func (c *restore) Run(ctx context.Context, t *terminal) (err error) {
	config, err := t.withFiles("restore its databases and its store of pictures by their own means, see docs/operations.md")
	if err != nil {
		return err
	}
	release, err := boot.Hold(config.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	files, err := replaceData(ctx, c.Dir, config.DataDir, c.Force)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	say(t.out, "%d files from %s are in %s now; bodega check looks at them\n", files, c.Dir, config.DataDir)
	return nil
}

type version struct{}

// Run prints which program this is.
func (c *version) Run(t *terminal) error { //nolint:unparam // commands have one shape
	say(t.out, "bodega %s (%s, %s/%s)\n", boot.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
