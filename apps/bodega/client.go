package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// client speaks to the admin API. Its errors are one line for a person.
type client struct {
	url, key string
	http     *http.Client
}

func newClient(url, key string) *client {
	// Whoever holds the key is on this machine: no proxy comes between.
	return &client{url, key, &http.Client{Transport: &http.Transport{}}}
}

// problem is an answer of the kind application/problem+json.
type problem struct {
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	RequestID string `json:"request_id"`
	Errors    []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

func (p *problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	for _, e := range p.Errors {
		text += "; " + e.Location + " " + e.Message
	}
	if p.Status == http.StatusUnauthorized {
		text += "; set BODEGA_ADMIN_API_KEY to the server's"
	}
	if p.Status >= http.StatusInternalServerError && p.RequestID != "" {
		text += "; its log knows more of request " + p.RequestID
	}
	return fmt.Sprintf("%s (%s)", text, p.Code)
}

// send makes a request and returns the answer if it is a success. The caller
// closes its body.
func (c *client) send(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return nil, err
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return nil, fmt.Errorf("the shop at %s: %w", c.url, err)
	}
	if answer.StatusCode < 300 {
		return answer, nil
	}
	defer answer.Body.Close()
	return nil, readProblem(answer)
}

func readProblem(answer *http.Response) error {
	p := &problem{Status: answer.StatusCode}
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(body, p)
	}
	if err != nil || p.Code == "" {
		return fmt.Errorf("the shop at %s answered %s", answer.Request.URL.Host, answer.Status)
	}
	return p
}

// get reads JSON into out, unless that is nil. A shop that is busy is asked
// again for a while.
func (c *client) get(ctx context.Context, path string, out any) error {
	for attempt := 1; ; attempt++ {
		answer, err := c.send(ctx, http.MethodGet, path, "", nil)
		p, refused := errors.AsType[*problem](err)
		busy := refused && (p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable)
		if busy && attempt < 5 && wait(ctx, time.Duration(attempt)*time.Second) {
			continue
		}
		if err != nil {
			return err
		}
		return c.decode(answer, out)
	}
}

// post sends JSON (nothing if in is nil) and reads JSON into out (nothing if nil).
func (c *client) post(ctx context.Context, path string, in, out any) error {
	var body io.Reader
	contentType := ""
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body, contentType = bytes.NewReader(raw), "application/json"
	}
	answer, err := c.send(ctx, http.MethodPost, path, contentType, body)
	if err != nil {
		return err
	}
	return c.decode(answer, out)
}

func (c *client) decode(answer *http.Response, out any) error {
	defer answer.Body.Close()
	if out == nil {
		_, err := io.Copy(io.Discard, answer.Body)
		return err
	}
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		return fmt.Errorf("the shop at %s answered something else than expected: %w", c.url, err)
	}
	return nil
}

// page is a stretch of a list.
type page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"`
}

// all yields every item of a list, page by page.
func all[T any](ctx context.Context, c *client, path string, query url.Values, yield func(T) error) error {
	query.Set("limit", strconv.Itoa(100))
	for {
		var p page[T]
		if err := c.get(ctx, path+"?"+query.Encode(), &p); err != nil {
			return err
		}
		for _, item := range p.Items {
			if err := yield(item); err != nil {
				return err
			}
		}
		if strings.TrimSpace(p.NextCursor) == "" {
			return nil
		}
		query.Set("cursor", p.NextCursor)
	}
}
