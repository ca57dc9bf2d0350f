package redis_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/redis"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestOpen_WrongAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "localhost:6379", "http://localhost:6379", "redis://", "redis:///0", "redis://:secret@host:port", "redis://host/zero",
		"redis://host:6379/0?read_timeout=1h", "unix:///tmp/redis.sock", "redis://:se\x00cret@host",
	} {
		_, err := redis.Open(t.Context(), address, redis.Options{})
		refused(t, address, err)
		if err != nil && strings.Contains(err.Error(), "cret") {
			t.Errorf("%s: the password is in %v", address, err)
		}
	}
}

func TestOpen_NotRedis(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	_, err := redis.Open(t.Context(), strings.Replace(s.URL, "http", "redis", 1), redis.Options{Timeout: time.Minute})
	refused(t, "an HTTP server", err)
}

func TestOpen_RefusedByTheServer(t *testing.T) {
	t.Parallel()
	server := containers.RedisServer(t)
	locked := strings.TrimSuffix(server.URL, "/")
	if _, err := redis.Open(t.Context(), locked+"/9999", redis.Options{Timeout: time.Minute}); err == nil {
		t.Error("a database that the server does not have was opened")
	} else {
		refused(t, "no such database", err)
	}
	server.Exec(t, "redis-cli", "CONFIG", "SET", "requirepass", "sesame")
	for what, login := range map[string]string{"none": "", "wrong": ":open@", "unknown user": "ali:sesame@"} {
		_, err := redis.Open(t.Context(), strings.Replace(locked, "redis://", "redis://"+login, 1), redis.Options{Timeout: time.Minute})
		refused(t, what, err)
	}
	c := open(t, strings.Replace(locked, "redis://", "redis://:sesame@", 1), redis.Options{})
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// A shop starts without its cache, and finds it when it comes.
func TestOpen_ServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	address := free.Addr().String()
	free.Close()
	c := open(t, "redis://"+address, redis.Options{})
	if err := c.Ping(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a ping of nobody: %v", err)
	}
	if _, _, err := c.Cache().Lookup(t.Context(), "a", "g"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a lookup at nobody: %v", err)
	}
	if _, err := c.Limiter().Allow(t.Context(), ports.Rate{Class: "read", Requests: 1, Window: 1e9}, "a"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a count at nobody: %v", err)
	}
}

// refused fails unless an error is Invalid, in one line.
func refused(t *testing.T, what string, err error) {
	t.Helper()
	if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: %v; want one line of what is invalid", what, err)
	}
}
