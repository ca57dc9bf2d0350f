package chaos

import (
	"crypto/rand"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// fleet is a shop of several server processes on real servers. Its jobs wait in
// the database, and every server does some.
type fleet struct {
	t       *testing.T
	environ []string
	key     string
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{t: t, key: rand.Text()}
	index, prefix, _ := strings.Cut(strings.TrimPrefix(containers.Elasticsearch(t), "http://"), "/")
	f.environ = []string{
		"BODEGA_ENV=test", "BODEGA_PUBLIC_URL=http://shop.test", "BODEGA_ADMIN_API_KEY=" + f.key, "BODEGA_SECRET_KEY=" + rand.Text(),
		"BODEGA_DATABASE_URL=" + containers.Postgres(t), "BODEGA_DATABASE_CONNECTIONS=6",
		"BODEGA_CACHE_URL=" + containers.Redis(t), "BODEGA_SEARCH_URL=http://" + index + "?prefix=" + prefix,
		"BODEGA_MEDIA_STORE=" + containers.S3(t), "BODEGA_DATA_DIR=" + t.TempDir(),
		"BODEGA_RATE_LIMITS=off", "BODEGA_LOG_LEVEL=warn", "BODEGA_SHUTDOWN_DELAY=500ms",
	}
	return f
}

// setting returns what a program of the fleet is told.
func (f *fleet) setting(name string) string {
	for _, e := range f.environ {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}

// serve starts a server of programs built into a directory, at an address, and
// waits until it is ready.
func (f *fleet) serve(dir, address string) *server {
	f.t.Helper()
	s := &server{t: f.t, dir: address, out: &transcript{}, said: &transcript{}, exited: make(chan struct{}), url: "http://" + address, key: f.key}
	s.cmd = exec.Command(filepath.Join(dir, "server"))
	s.cmd.Env = append([]string{"BODEGA_HTTP_ADDR=" + address, "BODEGA_OPS_ADDR=127.0.0.1:0"}, f.environ...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{}
	if err := s.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is in ProcessState
		close(s.exited)
	}()
	f.t.Cleanup(func() {
		s.kill()
		if said := s.said.tail(); f.t.Failed() && said != "" {
			f.t.Logf("the server at %s said:\n%s", address, said)
		}
	})
	ready := func() bool {
		s.ops = strings.TrimSuffix(s.out.after("Metrics"), "/metrics")
		return s.ops != "" && s.ready200()
	}
	for began := time.Now(); !ready(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.exited:
			f.t.Fatalf("the server ended at its start (%s):\n%s", s.cmd.ProcessState, s.said.tail())
		default:
		}
		if time.Since(began) > startTime {
			f.t.Fatalf("after %s the server is not ready:\n%s", startTime, s.said.tail())
		}
	}
	return s
}

func (s *server) ready200() bool {
	resp, err := http.Get(s.url + "/readyz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
