// Command services runs a program with real servers for its tests:
//
//	go run ./testsuite/services go test ./...
//
// It finds or starts one server of every kind, as package containers does,
// passes their URLs in the environment together with
// BODEGA_TEST_SERVICES=require, and removes what it started when the program
// has ended, however it ends. Its exit code is the program's.
//
// With -images and no program it finds or makes the images of apps/deploy's
// compose file and prints them as its variables.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx)
	stop()
	os.Exit(code)
}

func run(ctx context.Context) int {
	build := flag.Bool("images", false, "")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "services PROGRAM [ARGUMENT…]: runs a program with real servers for its tests\nservices -images: finds or makes the images of the compose file and prints them as its variables")
	}
	flag.Parse()
	var err error
	switch {
	case *build && flag.NArg() == 0:
		err = printImages(ctx)
	case !*build && flag.NArg() > 0:
		err = with(ctx, flag.Args())
	default:
		flag.Usage()
		return 2
	}
	var failed *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed) && failed.ExitCode() > 0:
		return failed.ExitCode()
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func printImages(ctx context.Context) error {
	variables, err := containers.Images(ctx, os.Stderr)
	for _, line := range variables {
		fmt.Println(line)
	}
	return err
}

func with(ctx context.Context, program []string) error {
	fmt.Fprintln(os.Stderr, "==> servers for the tests (from nothing this takes minutes, later half of one)")
	set, err := containers.StartAll(ctx, os.Stderr)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), set.Environ()...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it has its own to clean up
	cmd.WaitDelay = time.Minute
	return errors.Join(cmd.Run(), set.Stop(ctx))
}
