package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/bodega-commerce/bodega/apps/boot"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // it could not be done, or check found something
	exitUsage  = 2 // what was asked, or a setting, makes no sense
)

// terminal is where a command reads and writes. Answers go to out; progress
// and errors go to notes, so that answers can be piped.
type terminal struct {
	in         io.Reader
	out, notes io.Writer
	environ    []string
}

// commands is everything that can be asked, as kong reads it.
type commands struct {
	Migrate migrate    `cmd:"" help:"Bring the store up to this program's schema."`
	Import  importFeed `cmd:"" help:"Bring a catalogue in: JSON lines, plain or gzip, one variant a line."`
	Export  exportFeed `cmd:"" help:"Write the catalogue as import reads it."`
	Reindex reindex    `cmd:"" help:"Build the search index anew."`
	Drift   drift      `cmd:"" help:"Show how far the search index was from the store."`
	Check   check      `cmd:"" help:"Check what must always be true; exit 1 and a line per violation."`

	Jobs struct {
		Dead   deadJobs   `cmd:"" help:"List jobs that failed for good."`
		Replay replayJobs `cmd:"" help:"Put dead jobs back to work."`
		Drop   dropJobs   `cmd:"" help:"Delete dead jobs."`
	} `cmd:"" help:"Look after jobs that failed for good."`
	Payments struct {
		List   listPayments  `cmd:"" help:"List payments."`
		Settle settlePayment `cmd:"" help:"Ask the provider now how a payment stands."`
	} `cmd:"" help:"Look after payments."`
	Webhooks struct {
		List   listWebhooks   `cmd:"" help:"List what payment providers sent."`
		Replay replayWebhooks `cmd:"" help:"Work it off again: the provider is asked how its payments stand."`
	} `cmd:"" help:"Look after what payment providers send."`
	Orders struct {
		Show       showOrder  `cmd:"" help:"Show an order."`
		ResendMail resendMail `cmd:"" help:"Mail an order's confirmation once more."`
	} `cmd:"" help:"Look after orders."`

	Backup  backup  `cmd:"" help:"Copy everything the shop keeps into a new directory, while it runs."`
	Restore restore `cmd:"" help:"Put a backup in the place of the data directory; no server may run."`
	Version version `cmd:"" help:"Say which program this is."`
}

// run does what the arguments ask and returns the exit code.
func run(ctx context.Context, args []string, t *terminal) int {
	answers := &sticky{Writer: t.out}
	t.out = answers
	asked, code, err := parse(args, t)
	if asked != nil {
		asked.BindTo(ctx, (*context.Context)(nil))
		if err = asked.Run(t); err == nil {
			err = answers.err
		}
		if err != nil {
			code = exitFailed
		}
	}
	if err == nil {
		return code
	}
	if _, settings := errors.AsType[boot.Errors](err); settings {
		code = exitUsage
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	for line := range strings.Lines(err.Error()) {
		say(t.notes, "bodega: %s\n", strings.TrimRight(line, "\n"))
	}
	return code
}

// parse reads the command line. Without an error and without a command to run
// everything was said already, as for --help.
func parse(args []string, t *terminal) (asked *kong.Context, code int, err error) {
	said := false
	parser, err := kong.New(&commands{}, kong.Name("bodega"), kong.Writers(t.out, t.notes),
		kong.Description("The operator's tool. Settings are the server's BODEGA_* variables; BODEGA_DATA_DIR says which shop."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(func(c int) { said, code = true, c }))
	if err != nil {
		return nil, exitFailed, err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	asked, err = parser.Parse(args)
	switch {
	case said:
		return nil, code, nil
	case err != nil:
		return nil, exitUsage, fmt.Errorf("%w (bodega --help tells more)", err)
	}
	return asked, exitDone, nil
}

// say writes text. What out does not take, run finds at the end; what notes do
// not take, nobody could be told of.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// sticky remembers its first failure.
type sticky struct {
	io.Writer
	err error
}

func (s *sticky) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.Writer.Write(b)
	s.err = err
	return n, err
}
