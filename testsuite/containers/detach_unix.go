//go:build unix

package containers

import "syscall"

// detached starts a process in a session of its own: the terminal's Ctrl-C is
// not for it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
