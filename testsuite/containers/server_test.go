package containers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestServer(t *testing.T) {
	t.Parallel()
	for _, kind := range []struct {
		name  string
		start func(testing.TB) *containers.Server
	}{
		{"Redis", containers.RedisServer},
		{"RabbitMQ", containers.RabbitMQServer}, // it keeps its data under its host's name
	} {
		t.Run(kind.name, func(t *testing.T) {
			server := kind.start(t)
			if out := server.Exec(t, "echo", "inside"); out != "inside" {
				t.Errorf("a program inside said %q", out)
			}
			server.Pause(t)
			if err := answers(t, server, time.Second); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("paused: %v", err)
			}
			server.Resume(t)
			server.Stop(t)
			if err := answers(t, server, patient); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("stopped: %v", err)
			}
			server.Start(t) // returns when it serves, at the same address
		})
	}
}

// answers speaks HTTP to a server, and waits so long for an answer; any will do, also
// none of HTTP.
func answers(t *testing.T, server *containers.Server, wait time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+u.Host, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// TestAsked is run by TestDiscovery in a process of its own.
func TestAsked(t *testing.T) {
	if os.Getenv("BODEGA_TEST_ASK") == "" {
		t.Skip("run by TestDiscovery")
	}
	t.Log("got " + containers.Redis(t))
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		environ []string
		fails   bool
		says    []string
	}{
		{
			"WithoutAnEngineATestIsSkippedWithOneLine",
			[]string{"DOCKER_HOST=unix:///nowhere.sock"},
			false,
			[]string{"--- SKIP: TestAsked", "needs Redis: no Docker engine answers", "run `make test`, or set BODEGA_TEST_REDIS_URL"},
		},
		{
			"WhereServicesAreRequiredItFails",
			[]string{"DOCKER_HOST=unix:///nowhere.sock", "BODEGA_TEST_SERVICES=require"},
			true,
			[]string{"--- FAIL: TestAsked", "needs Redis: no Docker engine answers"},
		},
		{
			"OffSkipsAtOnce",
			[]string{"BODEGA_TEST_SERVICES=off"},
			false,
			[]string{"--- SKIP: TestAsked", "BODEGA_TEST_SERVICES is off"},
		},
		{
			"ATypoIsNamed",
			[]string{"BODEGA_TEST_SERVICES=required"},
			true,
			[]string{`BODEGA_TEST_SERVICES is "required": it is require, off or not set`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			test := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAsked$", "-test.v")
			test.Env = append(without(os.Environ(), "BODEGA_TEST_"), "BODEGA_TEST_ASK=1")
			test.Env = append(test.Env, c.environ...)
			out, err := test.CombinedOutput()
			if failed := err != nil; failed != c.fails {
				t.Errorf("failed is %t: %v", failed, err)
			}
			for _, line := range c.says {
				if !strings.Contains(string(out), line) {
					t.Errorf("it does not say %q:\n%s", line, out)
				}
			}
		})
	}
}

func without(environ []string, prefix string) []string {
	var kept []string
	for _, variable := range environ {
		if !strings.HasPrefix(variable, prefix) {
			kept = append(kept, variable)
		}
	}
	return kept
}

// A process that is killed in the middle of its test leaves no container.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	containers.RedisServer(t) // without an engine the test ends here
	dying := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDies$", "-test.v")
	dying.Env = append(without(os.Environ(), "BODEGA_TEST_"), "BODEGA_TEST_DIE=1")
	out, err := dying.CombinedOutput()
	if err == nil {
		t.Fatalf("it did not die:\n%s", out)
	}
	_, id, found := strings.Cut(string(out), "container ")
	id, _, _ = strings.Cut(id, "\n")
	if !found {
		t.Fatalf("it started nothing:\n%s", out)
	}
	eventually(t, "the container of a process that died is gone", func() bool {
		return exec.CommandContext(t.Context(), "docker", "inspect", id).Run() != nil
	})
}

// TestDies is run by TestLeftovers in a process of its own.
func TestDies(t *testing.T) {
	if os.Getenv("BODEGA_TEST_DIE") == "" {
		t.Skip("run by TestLeftovers")
	}
	server := containers.RedisServer(t)
	fmt.Println("container " + server.Exec(t, "hostname"))
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	_ = self.Kill()
	<-t.Context().Done()
}
