package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/apps/boot"
)

// part is what a process of this program does when it is started by another
// one: it reads what is asked of it as JSON, answers once, and ends when its
// standard input does.
type part func(ctx context.Context, asked *json.Decoder) (answer any, stop func() error, err error)

func parts() map[string]part {
	return map[string]part{"load": loadPart, "shop": shopPart(boot.Server), "consumer": shopPart(boot.Consumer), "bare": barePart}
}

// reply is how a part answers.
type reply struct {
	Answer any    `json:"answer,omitempty"`
	Error  string `json:"error,omitempty"`
}

func play(ctx context.Context, do part) int {
	answer, stop, err := do(ctx, json.NewDecoder(os.Stdin))
	r := reply{Answer: answer}
	if err != nil {
		r.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return 1
	}
	if stop == nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until whoever asked has gone
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// child is a process with a part.
type child struct {
	part string
	cmd  *exec.Cmd
	in   io.WriteCloser
}

// spawn starts a process and waits for its answer.
func spawn(ctx context.Context, part string, ask, answer any) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, part)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{part, cmd, in}
	r := reply{Answer: answer}
	err = json.NewEncoder(in).Encode(ask)
	if err == nil {
		err = json.NewDecoder(out).Decode(&r)
	}
	if err == nil && r.Error != "" {
		err = errors.New(r.Error)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", part, err), c.stop())
	}
	return c, nil
}

// stop ends the process in order and waits for it.
func (c *child) stop() error {
	err := errors.Join(c.in.Close(), c.cmd.Wait())
	if err != nil {
		return fmt.Errorf("%s: %w", c.part, err)
	}
	return nil
}

// cpu is the processor time that the process has used; 0 where there is no /proc.
func (c *child) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold anything. utime and stime are the 12th
	// and 13th field after it, in hundredths of a second.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// resident is the memory of the process in bytes; 0 where there is no /proc.
func (c *child) resident() int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(status))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
