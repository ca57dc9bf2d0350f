package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/apps/boot"
	"github.com/bodega-commerce/bodega/testsuite/bench/baseline"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// shop is a whole shop in a process of its own.
type shop struct {
	*child
	URL, OpsURL, Key string
	Ready            time.Duration // from its start to its first answer
}

// environ is how a shop is set up here: as it is shipped, but nobody is turned
// away for asking often. Its log is written, to nowhere.
func environ(dir string, more ...string) []string {
	return append([]string{
		"BODEGA_DATA_DIR=" + dir, "BODEGA_HTTP_ADDR=127.0.0.1:0", "BODEGA_OPS_ADDR=127.0.0.1:0", "BODEGA_PPROF=on",
		"BODEGA_RATE_LIMITS=off",
	}, more...)
}

func startShop(ctx context.Context, dir string, more ...string) (*shop, error) {
	s := &shop{}
	began := time.Now()
	var err error
	s.child, err = spawn(ctx, "shop", environ(dir, more...), s)
	s.Ready = time.Since(began)
	return s, err
}

// shopPart is a program of the shop.
func shopPart(role boot.Role) part {
	return func(ctx context.Context, asked *json.Decoder) (any, func() error, error) {
		return shopAs(ctx, role, asked)
	}
}

func shopAs(ctx context.Context, role boot.Role, asked *json.Decoder) (any, func() error, error) {
	boot.Tune()
	var environ []string
	if err := asked.Decode(&environ); err != nil {
		return nil, nil, err
	}
	config, err := boot.LoadAs(role, environ)
	if err != nil {
		return nil, nil, err
	}
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, nil, err
	}
	config.Log = slog.New(slog.NewJSONHandler(nowhere, nil))
	app, err := boot.Start(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	stop := func() error { return app.Stop(context.WithoutCancel(ctx)) }
	return shop{URL: app.URL, OpsURL: app.OpsURL, Key: app.AdminKey}, stop, nil
}

// addr is where a URL's server listens.
func addr(url string) string {
	host, port, err := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	if err != nil || host == "localhost" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// fetch asks as an operator and reads the answer into into: JSON, or bytes.
func (s *shop) fetch(ctx context.Context, method, path, kind string, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.Key)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", method, path, resp.Status, answer)
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = answer
		return nil
	}
	return json.Unmarshal(answer, into)
}

// load brings a feed in and waits until its report is there.
func (s *shop) load(ctx context.Context, kind string, feed []byte) error {
	var report struct {
		ID, Status, Failure string
		Rejected            int
	}
	if err := s.fetch(ctx, http.MethodPost, "/v1/admin/import", kind, bytes.NewReader(feed), &report); err != nil {
		return err
	}
	for report.Status == "queued" || report.Status == "running" {
		if err := pause(ctx, glance); err != nil {
			return err
		}
		if err := s.fetch(ctx, http.MethodGet, "/v1/admin/imports/"+report.ID, "", nil, &report); err != nil {
			return err
		}
	}
	if report.Status != "succeeded" || report.Rejected > 0 {
		return fmt.Errorf("the import %s: %s, %d rejected", report.Status, report.Failure, report.Rejected)
	}
	return nil
}

// glance is how long to wait between looks at what a shop is doing: looking
// costs it something.
const glance = 50 * time.Millisecond

// quiet waits until the shop has done all its jobs.
func (s *shop) quiet(ctx context.Context) error {
	for {
		left, err := stack.Unfinished(ctx, s.OpsURL)
		if err != nil || len(left) == 0 {
			return err
		}
		if err := pause(ctx, glance); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// profile writes a CPU profile of the shop while work goes on.
func (s *shop) profile(ctx context.Context, file string, d time.Duration, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	seconds := max(1, int(d.Seconds()))
	var raw []byte
	ops := &shop{URL: s.OpsURL}
	err := ops.fetch(ctx, http.MethodGet, fmt.Sprintf("/debug/pprof/profile?seconds=%d", seconds), "", nil, &raw)
	if worked := <-done; err == nil {
		err = worked
	}
	if err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o644)
}

// bare is a server that answers what the shop answered, and nothing else.
type bare struct {
	*child
	URL string
}

// startBare makes a bare server of the shop's answers under these paths.
func (b *bench) startBare(ctx context.Context, s *shop, paths []string) (*bare, error) {
	return b.startBareOn(ctx, s, paths, "")
}

// startBareOn keeps the answers on a Redis, if one is named.
func (b *bench) startBareOn(ctx context.Context, s *shop, paths []string, redis string) (*bare, error) {
	answers := make(map[string][]byte, len(paths))
	for _, path := range paths {
		var body []byte
		if err := s.fetch(ctx, http.MethodGet, path, "", nil, &body); err != nil {
			return nil, err
		}
		answers[path] = body
	}
	raw, err := json.Marshal(answers)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.newDir("answers"))
	if err := os.WriteFile(file, raw, 0o644); err != nil {
		return nil, err
	}
	out := &bare{}
	out.child, err = spawn(ctx, "bare", answering{file, redis}, out)
	return out, err
}

// answering is what a bare server answers with: a file of bodies by path, and
// the Redis it is to keep them on, if any.
type answering struct{ File, Redis string }

// barePart is the bare server.
func barePart(ctx context.Context, asked *json.Decoder) (any, func() error, error) {
	var a answering
	if err := asked.Decode(&a); err != nil {
		return nil, nil, err
	}
	raw, err := os.ReadFile(a.File)
	if err != nil {
		return nil, nil, err
	}
	var answers map[string][]byte
	if err := json.Unmarshal(raw, &answers); err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	server := &http.Server{Handler: baseline.Handler(answers), ReadHeaderTimeout: time.Second}
	if a.Redis != "" {
		if server.Handler, err = baseline.NewRedis(ctx, a.Redis, "bare:", answers); err != nil {
			return nil, nil, err
		}
	}
	go func() { _ = server.Serve(listener) }() // until the process ends
	return bare{URL: "http://" + listener.Addr().String()}, server.Close, nil
}
