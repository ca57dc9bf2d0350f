// Command consumer does the jobs of a shop whose servers leave them to it:
// index, mails, captures, sweeping. Any number run beside each other. It answers
// probes and metrics on the operations port, and nothing else.
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
		fmt.Fprintln(os.Stderr, "bodega consumer takes no arguments: its settings are environment variables, see docs/operations.md")
		return boot.ExitSettings
	}
	config, err := boot.LoadAs(boot.Consumer, os.Environ())
	if err != nil {
		return boot.Report(os.Stderr, err)
	}
	config.Version = boot.Version()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app, err := boot.Start(ctx, config)
	if err != nil {
		return boot.Report(os.Stderr, err)
	}
	fmt.Println("doing jobs; probes and metrics are at", app.OpsURL)
	failed := app.Wait(ctx)
	stop() // a second Ctrl-C ends the process at once
	if failed == nil {
		fmt.Println("stopping: jobs under way are finished first")
	}
	if err := errors.Join(failed, app.Stop(context.Background())); err != nil {
		return boot.Report(os.Stderr, err)
	}
	return 0
}
