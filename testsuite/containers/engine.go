package containers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/testcontainers/testcontainers-go/log"

	"github.com/bodega-commerce/bodega/testsuite/images"
)

const (
	labelSession = "bodega.session" // the run a container belongs to
	labelOwner   = "bodega.owner"   // HOST/PID of the process that started it
)

// engine is the Docker engine as one run uses it.
type engine struct {
	session string
	owner   string
	log     func(line string)
	// slow allows what takes minutes: pulling and building images.
	slow bool
	// install allows to install Debian's packages, as root.
	install bool

	life     io.Closer // kept open: its end is the end of what was started
	pulling  sync.Mutex
	pullDown error // why nothing can be pulled here
	building sync.Mutex
}

// connect finds an engine, or makes one where that is allowed, removes what
// dead runs left on it, and sees to it that nothing of this run outlives it.
func (e *engine) connect(ctx context.Context) error {
	e.session = strings.ToLower(rand.Text()[:12])
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	e.owner = host + "/" + strconv.Itoa(os.Getpid())
	if err := ping(ctx); err != nil {
		if !e.install {
			return fmt.Errorf("no Docker engine answers (%w)", err)
		}
		if err := e.provide(ctx); err != nil {
			return err
		}
	}
	// We remove our containers ourselves: the image that testcontainers would do
	// it with cannot be pulled everywhere.
	if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
		return err
	}
	log.SetDefault(log.NewNoopLogger()) // the tests' output is the tests'
	sweep(ctx, host)
	return e.mourn()
}

func ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := docker(ctx, "version", "--format", "{{.Server.Version}}")
	return err
}

// docker runs the docker program and returns what it prints.
func docker(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "docker", args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		line, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		err = fmt.Errorf("docker %s: %s", args[0], line)
	}
	return strings.TrimSpace(string(out)), err
}

// provide starts an engine, installing it first if need be.
func (e *engine) provide(ctx context.Context) error {
	if _, err := os.Stat("/etc/debian_version"); err != nil || os.Getuid() != 0 {
		return errors.New("no Docker engine answers, and installing one takes root on Debian")
	}
	if _, err := exec.LookPath("dockerd"); err != nil {
		if err := images.Install(ctx, e.log, "docker.io", "debootstrap", "iptables", "containerd"); err != nil {
			return err
		}
	}
	name := filepath.Join(os.TempDir(), "bodega-dockerd.log")
	e.log("starting dockerd, which stays (its log is " + name + ")")
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	daemon := exec.Command("dockerd")
	daemon.Stdout, daemon.Stderr = file, file
	daemon.SysProcAttr = detached()
	if err := daemon.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		err := ping(ctx)
		if err == nil {
			return daemon.Process.Release()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("dockerd does not answer after a minute, see %s: %w", name, err)
		}
	}
}

// mourn starts a shell that waits for the end of this process, however it
// comes, and then removes what it has left on the engine.
func (e *engine) mourn() error {
	shell := exec.Command("sh", "-c", `
		cat >/dev/null
		containers=$(docker ps --all --quiet --filter "label=$0"); [ -z "$containers" ] || docker rm --force --volumes $containers
		networks=$(docker network ls --quiet --filter "label=$0"); [ -z "$networks" ] || docker network rm $networks
	`, labelSession+"="+e.session)
	shell.SysProcAttr = detached()
	// Nobody writes to the pipe, and only the kernel closes it, when we are gone.
	var err error
	if e.life, err = shell.StdinPipe(); err != nil {
		return err
	}
	if err := shell.Start(); err != nil {
		return err
	}
	return shell.Process.Release()
}

// sweep removes what runs on this machine left that ended together with their
// mourner. It does what it can: a failure here is no reason not to test.
func sweep(ctx context.Context, host string) {
	for _, kind := range []struct{ list, remove []string }{
		{[]string{"ps", "--all", "--format", "{{.ID}}"}, []string{"rm", "--force", "--volumes"}},
		{[]string{"network", "ls", "--format", "{{.ID}}"}, []string{"network", "rm"}},
	} {
		kind.list[len(kind.list)-1] += ` {{.Label "` + labelOwner + `"}}`
		list, err := docker(ctx, append(kind.list, "--filter", "label="+labelOwner)...)
		if err != nil {
			continue
		}
		for line := range strings.Lines(list) {
			id, owner, _ := strings.Cut(strings.TrimSpace(line), " ")
			on, pid, _ := strings.Cut(owner, "/")
			if n, err := strconv.Atoi(pid); err == nil && on == host && !alive(n) {
				_, _ = docker(ctx, append(kind.remove, id)...)
			}
		}
	}
}

func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = process.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}

// image returns the image of a server that the engine has: the one named in
// the environment, the official one, or the one built here.
func (e *engine) image(ctx context.Context, name, official string) (string, error) {
	if named := os.Getenv("BODEGA_TEST_" + strings.ToUpper(name) + "_IMAGE"); named != "" {
		return named, nil
	}
	if _, err := docker(ctx, "image", "inspect", "--format", "{{.Id}}", official); err == nil {
		return official, nil
	}
	if images.Present(ctx, name) {
		return images.Tag(name), nil
	}
	if !e.slow {
		return "", fmt.Errorf("the image %s is not there", official)
	}
	pullErr := e.pull(ctx, official)
	if pullErr == nil {
		return official, nil
	}
	builder := images.Builder{Log: e.log, Install: e.install}
	e.building.Lock() // all images stand on the base: the first to come makes it
	err := builder.Build(ctx, images.Base)
	e.building.Unlock()
	if err == nil {
		err = builder.Build(ctx, name)
	}
	if err != nil {
		return "", fmt.Errorf("%w; %w", pullErr, err)
	}
	return images.Tag(name), nil
}

// pull gets an image from its registry. Where that failed once it is not tried
// again: each try may take long.
func (e *engine) pull(ctx context.Context, image string) error {
	e.pulling.Lock()
	defer e.pulling.Unlock()
	if e.pullDown != nil {
		return e.pullDown
	}
	e.log("pulling " + image)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if _, err := docker(ctx, "pull", "--quiet", image); err != nil {
		e.pullDown = err
	}
	return e.pullDown
}

// discard is the log of a run nobody watches.
func discard(string) {}

// lines returns a log that writes to w, with the time since the start in front.
func lines(w io.Writer) func(string) {
	var mu sync.Mutex
	start := time.Now()
	return func(line string) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintf(w, "    %3.0fs  %s\n", time.Since(start).Seconds(), line)
	}
}
