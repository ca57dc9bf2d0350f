package httpapi

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
)

const (
	maxFeed      = 512 << 20 // bytes, as sent
	rejectsBatch = 1000
	ndjson       = "application/x-ndjson"
	storeSilence = 30 * time.Second // of a store that is being sent on
)

// Import is how an import went, or how far it has come.
type Import struct {
	ID              string        `json:"id"`
	Status          string        `json:"status" enum:"queued,running,succeeded,failed"`
	DryRun          bool          `json:"dry_run"`
	Lines           int           `json:"lines" doc:"gone through so far"`
	Total           int           `json:"total" doc:"lines of the feed; 0 until that is known"`
	Created         int           `json:"created"`
	Updated         int           `json:"updated"`
	Unchanged       int           `json:"unchanged"`
	Rejected        int           `json:"rejected"`
	UnknownMembers  int           `json:"unknown_members" doc:"members of lines that nobody knows, ignored"`
	Notes           []string      `json:"notes" doc:"what was done about equal options, widened types and the like"`
	Failure         *string       `json:"failure" doc:"why it failed"`
	Errors          []feed.Reject `json:"errors"`
	ErrorsTruncated bool          `json:"errors_truncated" doc:"there are more, at …/errors"`
	StartedAt       Time          `json:"started_at"`
	FinishedAt      Null[Time]    `json:"finished_at"`
}

func (a *api) registerImports() {
	const tag = "import and export"
	binary := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	registerUpload(a.edge, operation{
		ID: "importCatalog", Method: http.MethodPost, Path: "/v1/admin/import", Tag: tag, Permission: account.CatalogWrite,
		Status: http.StatusAccepted, Deadline: -1, MaxBody: maxFeed, Summary: "Import a feed of products",
		Description: "One variant a line. The answer says where its report will be.",
		Request:     &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{ndjson: binary, "application/gzip": binary}},
	}, func(ctx context.Context, _ *importParams) (*spooled, error) { return a.spool(uploaded(ctx)) }, a.importCatalog)
	register(a.edge, operation{ID: "readImport", Method: http.MethodGet, Path: "/v1/admin/imports/{id}", Tag: tag, Permission: account.CatalogRead, Summary: "Show how an import goes"},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*reply[Import], error) {
			u, err := pathID(in.ID, "import")
			if err != nil {
				return nil, err
			}
			r, err := a.shop.Imports.Find(ctx, core.FindImport{By: caller(ctx, ""), Import: id.Import{UUID: u}})
			if err != nil {
				return nil, err
			}
			return &reply[Import]{Body: importReport(r)}, nil
		})
	registerStream(a.edge, operation{
		ID: "listImportErrors", Method: http.MethodGet, Path: "/v1/admin/imports/{id}/errors", Tag: tag, Permission: account.CatalogRead,
		Produces: ndjson, Deadline: -1, Silence: storeSilence, Summary: "Send every line that an import did not take",
	}, a.importErrors)
	registerStream(a.edge, operation{
		ID: "exportCatalog", Method: http.MethodGet, Path: "/v1/admin/export", Tag: tag, Permission: account.CatalogRead, Produces: ndjson,
		Deadline: -1, Silence: storeSilence, Summary: "Send the catalogue as a feed", Description: "Compressed for who accepts gzip.",
	}, a.exportCatalog)
}

type importParams struct {
	Stock  string `query:"stock" pattern:"^[0-9]{1,9}$" patternDescription:"a number of units" doc:"first stock of SKUs that never had any"`
	DryRun bool   `query:"dry_run" doc:"write nothing but the report"`
	Strict bool   `query:"strict" doc:"write nothing unless every line is good"`
}

// importCatalog announces a feed that is on disk: what was announced can run to
// its end.
func (a *api) importCatalog(ctx context.Context, in *importParams, f *spooled) (*reply[Import], error) {
	cmd := core.RunImport{By: caller(ctx, ""), DryRun: in.DryRun, Strict: in.Strict}
	if in.Stock != "" {
		units, _ := strconv.Atoi(in.Stock) // the pattern allows nothing else
		cmd.Stock = &units
	}
	queued, err := a.shop.Imports.Queue(ctx, core.QueueImport{By: cmd.By, DryRun: in.DryRun})
	if err != nil {
		return nil, err
	}
	cmd.Import, cmd.Open, f.taken = queued.ID, f.open, true
	a.background("import", func(ctx context.Context) error {
		_, err := a.shop.Imports.Run(ctx, cmd)
		return errors.Join(err, f.Close())
	})
	return &reply[Import]{Body: importReport(queued), Location: "/v1/admin/imports/" + queued.ID.String()}, nil
}

// spooled is a feed on disk. It has no name any more, so that nothing is left
// of it however the program ends.
type spooled struct {
	*os.File
	size  int64
	sum   []byte // SHA-256
	taken bool   // by the import, which closes it
}

func (s *spooled) sent() any { return s.sum }

func (s *spooled) drop() {
	if !s.taken {
		_ = s.Close() // nothing is kept
	}
}

func (a *api) spool(body io.Reader) (*spooled, error) {
	f, err := os.CreateTemp(a.opts.SpoolDir, "import-*")
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "httpapi: spool", err)
	}
	s, sum := &spooled{File: f}, sha256.New()
	if err = os.Remove(f.Name()); err == nil {
		s.size, err = io.Copy(disk{f}, io.TeeReader(body, sum))
	}
	if err == nil {
		s.sum = sum.Sum(nil)
		return s, nil
	}
	s.drop()
	if full, ok := errors.AsType[diskError](err); ok {
		return nil, fault.Wrap(fault.Unavailable, "httpapi: spool", full.error)
	}
	return nil, uploadError(err)
}

// open returns the feed from its beginning. Closing what it returns is not
// closing the file.
func (s *spooled) open() (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(s.File, 0, s.size)), nil
}

// disk tells failures of the file from those of the body that is copied to it.
type disk struct{ f *os.File }

type diskError struct{ error }

func (d disk) Write(b []byte) (int, error) {
	n, err := d.f.Write(b)
	if err != nil {
		err = diskError{err}
	}
	return n, err
}

func (a *api) importErrors(ctx context.Context, in *struct {
	ID string `path:"id"`
}, w http.ResponseWriter, _ *http.Request,
) error {
	u, err := pathID(in.ID, "import")
	if err != nil {
		return err
	}
	q := core.ListRejects{By: caller(ctx, ""), Import: id.Import{UUID: u}, Limit: rejectsBatch}
	for lines := json.NewEncoder(w); ; {
		list, err := a.shop.Imports.Rejects(ctx, q)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", ndjson)
		for _, r := range list {
			if err := lines.Encode(r); err != nil {
				return err
			}
			q.AfterLine = r.Line
		}
		if len(list) < rejectsBatch {
			return nil
		}
	}
}

func (a *api) exportCatalog(ctx context.Context, _ *struct{}, w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", ndjson)
	h.Add("Vary", "Accept-Encoding")
	cmd := core.ExportCatalog{By: caller(ctx, ""), To: w, ImageURL: func(img catalog.Image) string { return a.image(&img).Value.URL }}
	if !acceptsGzip(r.Header) {
		_, err := a.shop.Imports.Export(ctx, cmd)
		return err
	}
	h.Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	cmd.To = z
	if _, err := a.shop.Imports.Export(ctx, cmd); err != nil {
		return err
	}
	return z.Close()
}

func acceptsGzip(h http.Header) bool {
	for part := range strings.SplitSeq(strings.Join(h["Accept-Encoding"], ","), ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return qualityOf(params) > 0
		}
	}
	return false
}

func importReport(r feed.Report) Import {
	out := Import{
		ID: r.ID.String(), Status: string(r.Status), DryRun: r.DryRun, Lines: r.Lines, Total: r.Total, Created: r.Created, Updated: r.Updated,
		Unchanged: r.Unchanged, Rejected: r.Rejected, UnknownMembers: r.UnknownMembers, Notes: r.Notes, Failure: text(r.Failure),
		Errors: r.Errors, ErrorsTruncated: r.ErrorsTruncated, StartedAt: Time{r.StartedAt}, FinishedAt: optionalTime(r.FinishedAt),
	}
	if out.Notes == nil {
		out.Notes = []string{}
	}
	if out.Errors == nil {
		out.Errors = []feed.Reject{}
	}
	return out
}
