package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// requestTime bounds a request: longer than a checkout may take.
const requestTime = time.Minute

// client sends requests from any goroutine. Its errors are those of the wire:
// whatever the server answers is an answer.
type client struct {
	http   *http.Client
	url    string
	header map[string]string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.body) }

// code returns the code of a problem.
func (a answer) code() string {
	var p struct{ Code string }
	_ = json.Unmarshal(a.body, &p) // "" for what is none
	return p.Code
}

// anyone returns a client that shows nothing.
func (s *server) anyone() *client {
	return &client{http: &http.Client{Timeout: requestTime, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}, url: s.url}
}

// admin returns a client that shows the admin key.
func (s *server) admin() *client {
	return s.anyone().with("Authorization", "Bearer "+s.key)
}

// with returns the client with headers: name, value, ….
func (c *client) with(headers ...string) *client {
	own := map[string]string{}
	for name, value := range c.header {
		own[name] = value
	}
	for i := 0; i+1 < len(headers); i += 2 {
		own[headers[i]] = headers[i+1]
	}
	return &client{c.http, c.url, own}
}

func (c *client) send(ctx context.Context, method, path string, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.header { // over the type above, too
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	content, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return answer{}, err
	}
	return answer{resp.StatusCode, resp.Header, content}, nil
}

// must sends a request that has to succeed, and reads its answer into out
// unless that is nil.
func (c *client) must(t *testing.T, method, path string, in, out any) {
	t.Helper()
	var body []byte
	if in != nil {
		body = encode(in)
	}
	a, err := c.send(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	if a.status >= 300 {
		t.Fatalf("%s %s: %s", method, path, a)
	}
	if out != nil {
		if err := json.Unmarshal(a.body, out); err != nil {
			t.Fatalf("%s %s: %v\n%s", method, path, err, a.body)
		}
	}
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // the types of this package marshal
	}
	return raw
}
