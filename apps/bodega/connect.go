package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/apps/boot"
)

// patience is how long a server that is starting may take to answer.
const patience = 30 * time.Second

// with calls do with the admin API of the shop. With PostgreSQL it is a shop of
// this program's own on the same databases, beside servers or without. With the
// embedded store it is that of the server that runs on the data directory, else
// of a shop that is open for as long as do takes.
func (t *terminal) with(ctx context.Context, do func(*client) error, changes ...func(*boot.Config)) error {
	config, err := boot.LoadAs(boot.Tool, t.environ)
	if err != nil {
		return err
	}
	for _, change := range changes {
		change(&config)
	}
	if config.DatabaseURL == "" {
		running, err := boot.Running(config.DataDir)
		if err != nil {
			return err
		}
		if running {
			api, err := reach(ctx, config)
			if err != nil {
				return err
			}
			return do(api)
		}
		config.Role = boot.Server // nobody else does its jobs
	}
	shop, err := boot.Start(ctx, alone(config, t))
	if err != nil {
		return err
	}
	return errors.Join(do(newClient(shop.URL, shop.AdminKey)), shop.Stop(context.WithoutCancel(ctx)))
}

// withFiles is an error if the shop is not in the files of a data directory.
func (t *terminal) withFiles(instead string) (boot.Config, error) {
	config, err := boot.LoadAs(boot.Tool, t.environ)
	if err == nil && config.DatabaseURL != "" {
		err = errors.New("the shop is in PostgreSQL: " + instead)
	}
	return config, err
}

// alone returns the settings of a shop that only this program speaks to. Links
// in mails it may send lead where the server's would.
func alone(c boot.Config, t *terminal) boot.Config {
	if _, port, err := net.SplitHostPort(c.HTTPAddr); err == nil {
		c.PublicURL = cmp.Or(c.PublicURL, "http://localhost:"+port)
	}
	c.HTTPAddr, c.OpsAddr = "127.0.0.1:0", "127.0.0.1:0"
	c.Demo, c.RateLimits, c.PProf, c.ShutdownDelay = false, false, false, 0
	c.Log = slog.New(slog.NewTextHandler(t.notes, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return c
}

// reach returns the API of the running server, once it answers. While a server
// starts, its address is that of the last one, or nobody's.
func reach(ctx context.Context, config boot.Config) (*client, error) {
	for deadline := time.Now().Add(patience); ; {
		api, err := greet(ctx, config)
		if err == nil {
			api.key, err = adminKey(config)
			return api, err
		}
		if time.Now().After(deadline) || !wait(ctx, 200*time.Millisecond) {
			return nil, fmt.Errorf("data directory %s is in use by a program that does not answer: %w", config.DataDir, err)
		}
	}
}

func greet(ctx context.Context, config boot.Config) (*client, error) {
	server, err := boot.ReadServerFile(config.DataDir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	api := newClient(server.URL, "")
	return api, api.get(ctx, "/livez", nil)
}

func adminKey(config boot.Config) (string, error) {
	if config.AdminAPIKey != "" {
		return config.AdminAPIKey, nil
	}
	path := filepath.Join(config.DataDir, "admin.key")
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%w: set BODEGA_ADMIN_API_KEY to the server's", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// wait reports whether the time passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
