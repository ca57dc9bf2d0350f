// Command server is the shop over HTTP. With nothing configured it is the whole
// shop: store, search index, cache and worker are inside. With addresses of
// PostgreSQL and what stands beside it, any number of servers is one shop.
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

func main() {
	os.Exit(run())
}

func run() int {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "bodega server takes no arguments: its settings are environment variables, see docs/operations.md")
		return boot.ExitSettings
	}
	config, err := boot.Load(os.Environ())
	if err != nil {
		return boot.Report(os.Stderr, err)
	}
	config.Version = boot.Version()
	config.Print = func(line string) { fmt.Println(line) }
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app, err := boot.Start(ctx, config)
	if err != nil {
		return boot.Report(os.Stderr, err)
	}
	fmt.Print(app.Welcome(ctx))
	failed := app.Wait(ctx)
	stop() // a second Ctrl-C ends the process at once
	if failed == nil {
		fmt.Println("stopping: what is under way is finished first")
	}
	if err := errors.Join(failed, app.Stop(context.Background())); err != nil {
		return boot.Report(os.Stderr, err)
	}
	return 0
}
