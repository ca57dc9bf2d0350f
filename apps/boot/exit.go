package boot

import (
	"errors"
	"fmt"
	"io"
)

// The exit codes of programs that could not do what they were asked.
const (
	ExitFailed   = 1
	ExitSettings = 2 // a setting is wrong
)

// Report tells a person why a program ends, a line for each reason, and returns
// its exit code.
func Report(to io.Writer, err error) int {
	if wrong, settings := errors.AsType[Errors](err); settings {
		_, _ = fmt.Fprintln(to, wrong) // there is nobody else to tell
		return ExitSettings
	}
	_, _ = fmt.Fprintln(to, "bodega:", err)
	return ExitFailed
}
