package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/apps/boot"
)

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) == 2 {
		if part, ok := parts()[os.Args[1]]; ok {
			return play(ctx, part)
		}
	}
	boot.Tune() // what the shop has in this process has its hand-written limit here, too
	b, strict, err := newBench(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = errors.Join(b.all(ctx), b.close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	b.print(os.Stdout)
	if strict && slices.ContainsFunc(b.lines, func(l line) bool { return l.verdict == missed }) {
		return 1
	}
	return 0
}

// bench is one run of the program.
type bench struct {
	dir      string // all that it writes; removed at the end
	data     string // where the real catalogue is; "": nowhere
	profiles string // where profiles go; "": nowhere
	only     []string
	users    int
	rounds   int           // of two slices each
	slice    time.Duration // of one side under load
	work     int           // checkouts of a slice that is measured by work
	skus     int           // of the large index

	progress io.Writer
	began    time.Time
	stocked  string // data directory of the synthetic catalogue; "": not made yet
	real     string // data directory of the real catalogue; "": not made yet
	lines    []line
}

func newBench(args []string) (*bench, bool, error) {
	b := &bench{users: 16, progress: os.Stderr, began: time.Now()}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "comma-separated `names` of what to run: "+strings.Join(names(), ", "))
	quick := flags.Bool("quick", false, "shorter slices, rougher figures")
	strict := flags.Bool("strict", false, "exit with 1 when a goal is missed")
	flags.StringVar(&b.profiles, "profile", "", "write CPU profiles of the shop into this `directory`")
	flags.IntVar(&b.skus, "skus", 1_000_000, "`how many` SKUs -only million indexes")
	flags.StringVar(&b.data, "data", os.Getenv("BODEGA_TEST_DATA"), "`directory` with products.jsonl.gz, a real catalogue")
	if err := flags.Parse(args); err != nil {
		return nil, false, err
	}
	b.rounds, b.slice, b.work = 5, 2*time.Second, 1500
	if *quick {
		b.rounds, b.slice, b.work = 3, 500*time.Millisecond, 300
	}
	if *only != "" {
		for name := range strings.SplitSeq(*only, ",") {
			if !slices.Contains(names(), name) {
				return nil, false, fmt.Errorf("-only %s: there are %s", name, strings.Join(names(), ", "))
			}
			b.only = append(b.only, name)
		}
	}
	if b.profiles != "" {
		if err := os.MkdirAll(b.profiles, 0o755); err != nil {
			return nil, false, err
		}
	}
	var err error
	b.dir, err = os.MkdirTemp("", "bodega-bench-")
	return b, *strict, err
}

func (b *bench) close() error { return os.RemoveAll(b.dir) }

// section is a group of figures that are measured on one shop.
type section struct {
	names []string // what -only selects it by
	run   func(*bench, context.Context) error
	asked bool // only where it is asked for by name: it takes long
}

func sections() []section {
	return []section{
		{names: []string{"detail", "list", "category", "search", "carts", "http-checkout"}, run: (*bench).overHTTP},
		{names: []string{"checkout", "session"}, run: (*bench).till},
		{names: []string{"import", "engine", "engine-large"}, run: (*bench).realCatalogue},
		{names: []string{"suggest"}, run: (*bench).suggestions},
		{names: []string{"million"}, run: (*bench).million, asked: true},
		{names: []string{"memory"}, run: (*bench).memory},
		{names: []string{"pg-checkout", "pg-hot", "redis-detail", "es-search", "es-index", "es-suggest", "es-found"}, run: (*bench).beside},
	}
}

func names() (all []string) {
	for _, s := range sections() {
		all = append(all, s.names...)
	}
	return all
}

// wants reports whether something is to be run.
func (b *bench) wants(name string) bool { return b.only == nil || slices.Contains(b.only, name) }

func (b *bench) all(ctx context.Context) error {
	for _, s := range sections() {
		if !slices.ContainsFunc(s.names, b.wants) || s.asked && b.only == nil {
			continue
		}
		if err := s.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(s.names, ", "), err)
		}
	}
	return nil
}

// say tells whoever waits what is going on.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "%4.0f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// newDir returns a directory that is not there yet.
func (b *bench) newDir(name string) string {
	for i := 0; ; i++ {
		dir := filepath.Join(b.dir, fmt.Sprint(name, "-", i))
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			return dir
		}
	}
}
