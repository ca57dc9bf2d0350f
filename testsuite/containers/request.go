package containers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// request speaks HTTP to a server and leaves no connection behind. An answer
// that is no success is an error.
func request(ctx context.Context, method, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, req.URL.Redacted(), resp.Status, strings.TrimSpace(string(body[:min(len(body), 300)])))
	}
	return body, nil
}

// withPath returns a server's URL with another path.
func withPath(t testing.TB, server, path string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("containers: %v", err)
	}
	u.Path = "/" + path
	return u.String()
}
