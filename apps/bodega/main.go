// Command bodega is the operator's: it brings catalogues in and out, looks
// after payments, orders and jobs, and keeps backups.
//
// It speaks to the shop's admin API: of the server that runs on the data
// directory, or, when none runs, of a shop it opens itself for as long as the
// command takes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/bodega-commerce/bodega/apps/boot"
)

func main() {
	boot.Tune()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], &terminal{in: os.Stdin, out: os.Stdout, notes: os.Stderr, environ: os.Environ()})
	stop()
	os.Exit(code)
}
