package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bodega-commerce/bodega/apps/boot"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// startTime bounds a start, stopTime a stop. Machines that run all tests at
// once are slow.
const (
	startTime = time.Minute
	stopTime  = time.Minute
)

func TestMain(m *testing.M) {
	if name := os.Getenv(killable); name != "" {
		os.Exit(runKillable(name))
	}
	code := m.Run()
	if _, long := os.LookupEnv("CHAOS_ROUNDS"); long && code == 0 {
		if err := writeTable(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if workshop != "" {
		_ = os.RemoveAll(workshop) // in the system's temporary directory
	}
	if err := goleak.Find(containers.Torn()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// workshop is where the programs are; "" until one is needed.
var workshop string

// programs builds the server and the CLI once and returns their directory.
var programs = sync.OnceValues(func() (dir string, err error) {
	if workshop, err = os.MkdirTemp("", "bodega-chaos"); err == nil {
		err = os.Chmod(workshop, 0o755) // some are run by other users
	}
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", workshop+string(filepath.Separator), "./apps/server", "./apps/bodega")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return workshop, nil
})

// program returns a command of ours with no settings but these.
func program(t *testing.T, name string, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	cmd := exec.Command(filepath.Join(dir, name), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}, environ...)
	return cmd
}

// rounds is how often a storm is repeated: short unless CHAOS_ROUNDS says more.
func rounds(t *testing.T, short int) int {
	t.Helper()
	text, long := os.LookupEnv("CHAOS_ROUNDS")
	if !long {
		return short
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("CHAOS_ROUNDS must be a number from 1, not %q", text)
	}
	return n
}

// server is a running server process.
type server struct {
	t       *testing.T
	dir     string
	environ []string
	cmd     *exec.Cmd
	out     *transcript // what it tells people
	said    *transcript // what went wrong
	exited  chan struct{}

	url, ops, key string
	ready         time.Duration // how long it took to answer
}

// serve starts a server on a data directory and waits until it answers. What
// environ sets comes on top of free ports and no limits.
func serve(t *testing.T, dir string, environ ...string) *server {
	t.Helper()
	s := launch(t, dir, environ...)
	s.await()
	return s
}

// launch starts a server.
func launch(t *testing.T, dir string, environ ...string) *server {
	t.Helper()
	return launchAs(t, dir, func(*syscall.SysProcAttr) {}, environ...)
}

// launchAs starts a server as another process than it would be.
func launchAs(t *testing.T, dir string, as func(*syscall.SysProcAttr), environ ...string) *server {
	t.Helper()
	s := &server{t: t, dir: dir, environ: environ, out: &transcript{}, said: &transcript{}, exited: make(chan struct{})}
	s.cmd = program(t, "server", append([]string{
		"BODEGA_DATA_DIR=" + dir, "BODEGA_HTTP_ADDR=127.0.0.1:0", "BODEGA_OPS_ADDR=127.0.0.1:0", "BODEGA_RATE_LIMITS=off", "BODEGA_LOG_LEVEL=warn",
	}, environ...))
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{}
	as(s.cmd.SysProcAttr)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is in ProcessState
		close(s.exited)
	}()
	t.Cleanup(func() {
		s.kill()
		if said := s.said.tail(); t.Failed() && said != "" {
			t.Logf("the server on %s said:\n%s", dir, said)
		}
	})
	return s
}

// await waits until the server is ready.
func (s *server) await() {
	s.t.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if s.answers() {
			s.ready = time.Since(began)
			return
		}
		select {
		case <-s.exited:
			s.t.Fatalf("the server ended at its start (%s):\n%s", s.cmd.ProcessState, s.said.tail())
		default:
		}
		if time.Since(began) > startTime {
			s.t.Fatalf("after %s the server does not answer:\n%s", startTime, s.said.tail())
		}
	}
}

func (s *server) answers() bool {
	file, err := boot.ReadServerFile(s.dir)
	if err != nil || file.PID != s.cmd.Process.Pid {
		return false
	}
	s.url, s.ops = file.URL, s.out.after("Metrics")
	key, err := os.ReadFile(filepath.Join(s.dir, "admin.key"))
	if err != nil || s.ops == "" {
		return false
	}
	s.ops, s.key = strings.TrimSuffix(s.ops, "/metrics"), strings.TrimSpace(string(key))
	resp, err := http.Get(s.url + "/readyz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// kill ends the server as a power cut ends a process.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may be gone
	<-s.exited
}

// interrupt is Ctrl-C; it returns the exit code.
func (s *server) interrupt() int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	return s.exit()
}

// exit waits for the server to end and returns its exit code.
func (s *server) exit() int {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(stopTime):
		s.t.Fatalf("after %s the server is still there:\n%s", stopTime, s.said.tail())
	}
	return s.cmd.ProcessState.ExitCode()
}

// again starts a server like this one, which has ended, on what it left.
func (s *server) again() *server {
	s.t.Helper()
	return serve(s.t, s.dir, s.environ...)
}

// mustBeSound fails the test for every broken invariant.
func (s *server) mustBeSound() {
	s.t.Helper()
	violations, err := stack.Check(s.t.Context(), s.url, s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, v := range violations {
		s.t.Errorf("check: %s", v)
	}
}

// settle waits until the server has nothing left to do: no job, and no payment
// that may still go either way. A payment that is decided leaves jobs, and a job may
// leave a payment in doubt: so payments are looked at before jobs, and all of it
// twice.
func (s *server) settle(within time.Duration) {
	s.t.Helper()
	admin := s.admin()
	settled := 0
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		var pending, doubt struct{ Items []struct{ ID string } }
		admin.must(s.t, http.MethodGet, "/v1/admin/orders?status=pending_payment&limit=100", nil, &pending)
		admin.must(s.t, http.MethodGet, "/v1/admin/payments?in_doubt=true", nil, &doubt)
		left, err := stack.Unfinished(s.t.Context(), s.ops)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(left)+len(pending.Items)+len(doubt.Items) > 0 {
			settled = 0
		} else if settled++; settled == 2 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("after %s: jobs %v, orders that wait for payment %v, payments in doubt %v", within, left, pending.Items, doubt.Items)
		}
	}
}

// transcript keeps what a program said.
type transcript struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (x *transcript) Write(b []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.buf.Write(b)
}

func (x *transcript) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.buf.String()
}

// tail returns the last lines.
func (x *transcript) tail() string {
	all := x.String()
	if len(all) > 8000 {
		return "…" + all[len(all)-8000:]
	}
	return all
}

// after returns the word that follows a label at the beginning of a line.
func (x *transcript) after(label string) string {
	for said := range strings.Lines(x.String()) {
		if f := strings.Fields(said); len(f) == 2 && f[0] == label && strings.HasSuffix(said, "\n") { // whole
			return f[1]
		}
	}
	return ""
}

// run runs a program to its end and returns its exit code and what it said.
func run(t *testing.T, cmd *exec.Cmd) (int, string) {
	t.Helper()
	var said transcript
	cmd.Stdout, cmd.Stderr = &said, &said
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		<-ctx.Done()
		_ = cmd.Process.Kill() // it may be gone
	}()
	err := cmd.Wait()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), said.String()
}
