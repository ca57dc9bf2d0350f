package httpapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestJoin(t *testing.T) {
	t.Parallel()
	e := newEdge(Options{})
	register(e, operation{ID: "text", Method: "GET", Path: "/text/{size}"}, func(_ context.Context, in *struct {
		Size int `path:"size"`
	},
	) (*reply[Note], error) {
		return &reply[Note]{Rendered: []byte(strings.Repeat("x", in.Size))}, nil
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: e}
	served := make(chan error, 1)
	go func() { served <- s.Serve(Join(s, l)) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	// One connection for all, so that nothing may be left over: around the sizes of
	// net/http's buffers, and more than the system takes at once.
	sizes := []int{0, 1, 2047, 2048, 2049, 8191, 8192, 35_000, 5_000_000, 10}
	for size := 3600; size <= 4200; size++ {
		sizes = append(sizes, size)
	}
	for _, n := range sizes {
		size := strconv.Itoa(n)
		if _, err := io.WriteString(c, "GET /text/"+size+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%s: %v", size, err)
		}
		body, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil || answer.Header.Get("Content-Length") != size || strings.Trim(string(body), "x") != "" {
			t.Errorf("%s bytes are answered with %s, %d read, %v", size, answer.Header.Get("Content-Length"), len(body), err)
		}
	}
}
