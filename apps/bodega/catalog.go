package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/bodega-commerce/bodega/apps/boot"
)

// poll is how often long work is asked about.
const poll = 300 * time.Millisecond

type importFeed struct {
	File   string `arg:"" help:"The feed, or - for standard input."`
	Stock  *int   `help:"First stock of SKUs that never had any." placeholder:"N"`
	DryRun bool   `help:"Write nothing but the report."`
	Strict bool   `help:"Write nothing unless every line is good."`
}

// Validate tells what the command line gets wrong.
func (c *importFeed) Validate() error {
	if c.Stock != nil && (*c.Stock < 0 || *c.Stock > 999_999_999) {
		return errors.New("--stock: must be 0 to 999999999")
	}
	return nil
}

// importReport is how far an import has come.
type importReport struct {
	ID              string   `json:"id"`
	Status          string   `json:"status"`
	DryRun          bool     `json:"dry_run"`
	Lines           int64    `json:"lines"`
	Total           int64    `json:"total"`
	Created         int64    `json:"created"`
	Updated         int64    `json:"updated"`
	Unchanged       int64    `json:"unchanged"`
	Rejected        int64    `json:"rejected"`
	UnknownMembers  int64    `json:"unknown_members"`
	Notes           []string `json:"notes"`
	Failure         string   `json:"failure"`
	Errors          []reject `json:"errors"`
	ErrorsTruncated bool     `json:"errors_truncated"`
}

type reject struct {
	Line    int    `json:"line"`
	SKU     string `json:"sku"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Run uploads the feed, follows the import and prints its report.
func (c *importFeed) Run(ctx context.Context, t *terminal) error {
	feed, size, err := t.open(c.File)
	if err != nil {
		return err
	}
	defer feed.Close()
	return t.with(ctx, func(api *client) error {
		queued, err := c.upload(ctx, t, api, feed, size)
		if err != nil {
			return err
		}
		report, err := follow(ctx, t, api, queued)
		if err != nil {
			return err
		}
		return report.print(ctx, t, api, queued)
	})
}

// upload sends the feed as it is and returns where its report is.
func (c *importFeed) upload(ctx context.Context, t *terminal, api *client, feed io.Reader, size int64) (string, error) {
	query := url.Values{}
	if c.Stock != nil {
		query.Set("stock", strconv.Itoa(*c.Stock))
	}
	query.Set("dry_run", strconv.FormatBool(c.DryRun))
	query.Set("strict", strconv.FormatBool(c.Strict))
	head := bufio.NewReader(feed)
	contentType := "application/x-ndjson"
	if magic, err := head.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		contentType = "application/gzip"
	}
	bar := t.progress("uploading", "bytes")
	defer bar.end()
	answer, err := api.send(ctx, http.MethodPost, "/v1/admin/import?"+query.Encode(), contentType, &counted{head, bar, 0, size})
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	at, err := answer.Location()
	if err != nil {
		return "", errors.New("the shop took the feed and did not say where its report is")
	}
	return at.RequestURI(), nil
}

func follow(ctx context.Context, t *terminal, api *client, at string) (importReport, error) {
	bar := t.progress("importing", "lines")
	defer bar.end()
	for {
		var r importReport
		if err := api.get(ctx, at, &r); err != nil {
			return r, err
		}
		if r.Status != "queued" && r.Status != "running" {
			return r, nil
		}
		bar.set(r.Lines, r.Total)
		if !wait(ctx, poll) {
			return r, ctx.Err()
		}
	}
}

// print writes the report; an import that failed is an error.
func (r importReport) print(ctx context.Context, t *terminal, api *client, at string) error {
	say(t.out, "%d lines: %d created, %d updated, %d unchanged, %d rejected\n", r.Lines, r.Created, r.Updated, r.Unchanged, r.Rejected)
	if r.DryRun {
		say(t.out, "dry run: nothing was written\n")
	}
	if r.UnknownMembers > 0 {
		say(t.out, "%d members that nobody knows were ignored\n", r.UnknownMembers)
	}
	for _, note := range r.Notes {
		say(t.out, "note: %s\n", note)
	}
	if err := r.printRejects(ctx, t, api, at); err != nil {
		return err
	}
	if r.Status == "failed" {
		return fmt.Errorf("the import failed: %s", r.Failure)
	}
	return nil
}

func (r importReport) printRejects(ctx context.Context, t *terminal, api *client, at string) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	write := func(x reject) {
		say(table, "line %d\t%s\t%s\t%s\n", x.Line, x.SKU, x.Code, x.Message)
	}
	if !r.ErrorsTruncated {
		for _, x := range r.Errors {
			write(x)
		}
		return table.Flush()
	}
	answer, err := api.send(ctx, http.MethodGet, at+"/errors", "", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	for list := json.NewDecoder(answer.Body); ; {
		var x reject
		switch err := list.Decode(&x); {
		case errors.Is(err, io.EOF):
			return table.Flush()
		case err != nil:
			return fmt.Errorf("the list of rejected lines broke off: %w", err)
		}
		write(x)
	}
}

type exportFeed struct {
	File string `arg:"" help:"Where to, or - for standard output."`
}

// Run streams the catalogue into the file, which appears when it is complete.
func (c *exportFeed) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(api *client) error {
		answer, err := api.send(ctx, http.MethodGet, "/v1/admin/export", "", nil)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		bar := t.progress("exporting", "bytes")
		defer bar.end()
		body := &counted{answer.Body, bar, 0, answer.ContentLength}
		if c.File == "-" {
			_, err = io.Copy(t.out, body)
		} else {
			err = replaceFile(c.File, body)
		}
		return err
	})
}

type reindex struct{}

// reindexing is how far a new index has come.
type reindexing struct {
	Status   string `json:"status"`
	Products int64  `json:"products"`
	Total    int64  `json:"total"`
	Failure  string `json:"failure"`
}

// Run has the index built anew and waits for it.
func (c *reindex) Run(ctx context.Context, t *terminal) error {
	config, err := boot.LoadAs(boot.Tool, t.environ)
	if err != nil {
		return err
	}
	if config.DatabaseURL != "" && config.SearchURL == "" {
		return errors.New("the index is in the server's memory, which builds it whenever it starts")
	}
	return t.with(ctx, func(api *client) error {
		if err := api.post(ctx, "/v1/admin/search/reindex", nil, nil); err != nil {
			return err
		}
		bar := t.progress("indexing", "products")
		defer bar.end()
		for {
			var r reindexing
			if err := api.get(ctx, "/v1/admin/search/reindex", &r); err != nil {
				return err
			}
			switch r.Status {
			case "running":
				bar.set(r.Products, r.Total)
			case "failed":
				return fmt.Errorf("the index could not be built: %s", r.Failure)
			default:
				bar.end()
				say(t.out, "%d products in the new index\n", r.Products)
				return nil
			}
			if !wait(ctx, poll) {
				return ctx.Err()
			}
		}
	})
}

// open opens a file to read, and tells its size if that is known; - is
// standard input.
func (t *terminal) open(name string) (io.ReadCloser, int64, error) {
	if name == "-" {
		return io.NopCloser(t.in), 0, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory", name)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}
