package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"testing"
)

func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Storefront sends a request as a shopper. A body is sent as JSON: nil is none,
// a string or []byte is sent as it is. Headers are name, value, …. The answer is
// whatever came, for package expect to look at; it need not be closed.
func (s *Shop) Storefront(t testing.TB, method, path string, body any, headers ...string) *http.Response {
	t.Helper()
	req, err := request(t.Context(), method, s.URL+path, body, headers)
	if err != nil {
		t.Fatalf("stack: %v", err)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		t.Fatalf("stack: %v", err)
	}
	content, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatalf("stack: %s %s: %v", method, path, err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(content))
	return resp
}

// Admin sends a request with the key that opens everything.
func (s *Shop) Admin(t testing.TB, method, path string, body any, headers ...string) *http.Response {
	t.Helper()
	return s.Storefront(t, method, path, body, append([]string{"Authorization", "Bearer " + s.AdminKey}, headers...)...)
}

func request(ctx context.Context, method, url string, body any, headers []string) (*http.Request, error) {
	var content []byte
	switch b := body.(type) {
	case nil:
	case string:
		content = []byte(b)
	case []byte:
		content = b
	default:
		var err error
		if content, err = json.Marshal(b); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req, nil
}

// Check asks a shop which of its invariants are broken, a line each. It is for
// tests that have a shop without a Shop: a process of its own.
func Check(ctx context.Context, url, adminKey string) ([]string, error) {
	req, err := request(ctx, http.MethodGet, url+"/v1/admin/check", nil, []string{"Authorization", "Bearer " + adminKey})
	if err != nil {
		return nil, err
	}
	var found struct {
		Violations []struct{ Invariant, Subject, Detail string }
	}
	if err := read(req, func(r io.Reader) error { return json.NewDecoder(r).Decode(&found) }); err != nil {
		return nil, err
	}
	lines := make([]string, len(found.Violations))
	for i, v := range found.Violations {
		lines[i] = fmt.Sprintf("%s: %s: %s", v.Invariant, v.Subject, v.Detail)
	}
	return lines, nil
}

// read sends a request that has to succeed.
func read(req *http.Request, body func(io.Reader) error) error {
	client := newClient()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", req.Method, req.URL.Path, resp.Status)
	}
	return body(resp.Body)
}

// stopped reports whether nobody listens any more.
func stopped(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
