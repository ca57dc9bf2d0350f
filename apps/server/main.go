// Command server is the shop over HTTP. With nothing configured it is the whole
// shop: store, search index, cache and worker are inside.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/bodega-commerce/bodega/apps/boot"
)

// Exit codes: what the program could not do, and what its settings are wrong in.
const (
	exitFailed   = 1
	exitSettings = 2
)

func main() {
	os.Exit(run())
}

func run() int {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "bodega server takes no arguments: its settings are environment variables, see docs/operations.md")
		return exitSettings
	}
	config, err := boot.Load(os.Environ())
	if err != nil {
		return report(err)
	}
	config.Version = boot.Version()
	config.Print = func(line string) { fmt.Println(line) }
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app, err := boot.Start(ctx, config)
	if err != nil {
		return report(err)
	}
	fmt.Print(app.Welcome(ctx))
	failed := app.Wait(ctx)
	stop() // a second Ctrl-C ends the process at once
	if failed == nil {
		fmt.Println("stopping: what is under way is finished first")
	}
	if err := errors.Join(failed, app.Stop(context.Background())); err != nil {
		return report(err)
	}
	return 0
}

func report(err error) int {
	if wrong, settings := errors.AsType[boot.Errors](err); settings {
		fmt.Fprintln(os.Stderr, wrong)
		return exitSettings
	}
	fmt.Fprintln(os.Stderr, "bodega:", err)
	return exitFailed
}
