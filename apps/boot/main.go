package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// Tune sets the process up as the shop's programs are: the garbage collector
// lets the heap grow to three times what is alive instead of two, for a twentieth
// of the processor's time. GOGC in the environment goes before. It is for whole
// programs: who embeds the shop decides for himself.
func Tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

// Main is a server or a consumer from its start to the signal that ends it: it
// reads the environment, tells a person on the terminal what there is to know,
// and returns the status to exit with.
func Main(role Role) int {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "bodega: this program takes no arguments: its settings are environment variables, see docs/operations.md")
		return ExitSettings
	}
	Tune()
	config, err := LoadAs(role, os.Environ())
	if err != nil {
		return Report(os.Stderr, err)
	}
	config.Version = Version()
	config.Print = func(line string) { fmt.Println(line) }
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app, err := Start(ctx, config)
	if err != nil {
		return Report(os.Stderr, err)
	}
	fmt.Print(app.Welcome(ctx))
	failed := app.Wait(ctx)
	stop() // a second Ctrl-C ends the process at once
	if failed == nil {
		fmt.Println("stopping: what is under way is finished first")
	}
	if err := errors.Join(failed, app.Stop(context.Background())); err != nil {
		return Report(os.Stderr, err)
	}
	return 0
}
