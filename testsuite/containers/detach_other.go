//go:build !unix

package containers

import "syscall"

func detached() *syscall.SysProcAttr { return nil }
