package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// sendTime is what sending a note may take.
const sendTime = 30 * time.Second

// desk is an edge with a handful of operations of its own, one for each thing
// that the helper guards.
type desk struct {
	*edge
	t   testing.TB
	log *bytes.Buffer

	mu     sync.Mutex
	calls  int
	err    error         // what every operation fails with
	panics string        // every operation panics with, unless ""
	note   *noteRequest  // what was created last
	seen   *exchange     // of the last call
	wait   time.Duration // how long a call takes
}

type noteRequest struct {
	Text     string         `json:"text" minLength:"1" maxLength:"10"`
	Count    int            `json:"count,omitempty" minimum:"0" maximum:"999"`
	Any      int64          `json:"any,omitempty"`
	Small    int32          `json:"small,omitempty"`
	Natural  uint           `json:"natural,omitempty"`
	Color    string         `json:"color,omitempty" enum:"red,green"`
	Code     string         `json:"code,omitempty" pattern:"^[a-z]+$" patternDescription:"lower-case letters"`
	Step     int            `json:"step,omitempty" multipleOf:"5"`
	Yes      bool           `json:"yes,omitempty"`
	At       Opt[Time]      `json:"at,omitzero"`
	Nick     Opt[string]    `json:"nick,omitzero" maxLength:"3"`
	Price    Opt[Money]     `json:"price,omitzero"`
	Owner    id.Product     `json:"owner,omitzero"`
	Lines    []noteLine     `json:"lines,omitempty" maxItems:"3"`
	Words    []string       `json:"words,omitempty"`
	Free     map[string]any `json:"free,omitempty" maxProperties:"3"`
	Email    string         `json:"email,omitempty" format:"email"`
	Password string         `json:"password,omitempty" minLength:"12"`
}

type noteLine struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity" minimum:"1" maximum:"99"`
}

type Note struct {
	ID    string         `json:"id"`
	Text  string         `json:"text"`
	Price Null[Money]    `json:"price"`
	At    Time           `json:"at"`
	Lines []NoteLine     `json:"lines"`
	Nick  *string        `json:"nick"`
	Until Null[Time]     `json:"until"`
	First Null[NoteLine] `json:"first"`
}

type NoteLine struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

func newDesk(t testing.TB, opts Options) *desk {
	d := &desk{t: t, log: new(bytes.Buffer)}
	opts.Log = slog.New(slog.NewJSONHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if opts.Authenticate == nil {
		opts.Authenticate = func(_ context.Context, token string) (account.Actor, error) {
			switch token {
			case "root-key":
				return account.Key("root", account.Everything), nil
			case "stock-key":
				return account.Key("stock", account.StockRead), nil
			case "proxy-key":
				return account.Key("frontend", account.StorefrontProxy), nil
			}
			return account.Actor{}, fault.New(fault.Unauthenticated, "session_expired", "this session has ended")
		}
	}
	d.edge = newEdge(opts)
	d.operations()
	return d
}

// called is what every operation of the desk does first.
func (d *desk) called(ctx context.Context) error {
	d.mu.Lock()
	d.calls++
	d.seen = exchangeOf(ctx)
	err, panics, wait := d.err, d.panics, d.wait
	d.mu.Unlock()
	if panics != "" {
		panic(panics)
	}
	if wait > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	return err
}

func (d *desk) operations() {
	note := Note{ID: "n1", Text: "<b>&", Price: Some(Money{100, "EUR"}), At: Time{time.Unix(1, 2000)}, Lines: []NoteLine{}}
	register(d.edge, operation{ID: "listNotes", Method: "GET", Path: "/notes", Summary: "List", Cache: "public, max-age=60"},
		func(ctx context.Context, in *struct {
			Page   int      `query:"page" default:"1" minimum:"1"`
			Limit  int32    `query:"limit" default:"10" maximum:"100"`
			Q      string   `query:"q" maxLength:"5"`
			Sort   string   `query:"sort" enum:"a,b" default:"a"`
			Exact  bool     `query:"exact"`
			Brand  []string `query:"brand,explode" maxItems:"2"`
			Owner  id.Order `query:"owner"`
			Cursor string   `query:"cursor"`
			Must   string   `query:"must"`
		},
		) (*reply[Page[Note]], error) {
			if err := d.called(ctx); err != nil {
				return nil, err
			}
			if _, err := decodeCursor("notes", in.Cursor, 1); err != nil {
				return nil, err
			}
			return &reply[Page[Note]]{ETag: weakETag("n7"), Body: Page[Note]{Items: []Note{note}, Page: in.Page, PerPage: int(in.Limit), Total: 1, MaxPage: 100}}, nil
		})
	register(d.edge, operation{ID: "readNote", Method: "GET", Path: "/notes/{slug}", Summary: "Read", Cache: "public, max-age=60"},
		func(ctx context.Context, in *struct {
			Slug string `path:"slug" maxLength:"120"`
		},
		) (*reply[Note], error) {
			if err := d.called(ctx); err != nil {
				return nil, err
			}
			switch in.Slug {
			case "old":
				return &reply[Note]{Status: http.StatusMovedPermanently, Location: "/notes/new"}, nil
			case "rendered":
				b, err := encode(note)
				return &reply[Note]{Rendered: b, ETag: weakETag("r")}, err
			}
			return &reply[Note]{Body: note}, nil
		})
	register(d.edge, operation{ID: "createNote", Method: "POST", Path: "/notes", Summary: "Create", Status: 201},
		func(ctx context.Context, in *struct{ Body noteRequest }) (*reply[Note], error) {
			if err := d.called(ctx); err != nil {
				return nil, err
			}
			d.mu.Lock()
			d.note = &in.Body
			n := note
			n.Text, n.ID = in.Body.Text, string(rune('a'+d.calls))
			d.mu.Unlock()
			return &reply[Note]{Body: n, Location: "/notes/" + n.ID, ETag: strongETag(1), Mark: ports.Mark{Realm: ports.Catalog, Epoch: 1, Pos: 7}}, nil
		})
	register(d.edge, operation{ID: "patchNote", Method: "PATCH", Path: "/admin/notes/{id}", Summary: "Change", Permission: account.CatalogWrite, IfMatch: true},
		func(ctx context.Context, in *struct {
			ID   id.Product `path:"id"`
			Body struct {
				Text Opt[string] `json:"text,omitzero" maxLength:"10"`
			}
		},
		) (*reply[Note], error) {
			if err := d.called(ctx); err != nil {
				return nil, err
			}
			if c := conditions(ctx); !c.Any && c.Version != 4 {
				return nil, fault.VersionConflict(4)
			}
			return &reply[Note]{Body: note, ETag: strongETag(5)}, nil
		})
	register(d.edge, operation{ID: "deleteNote", Method: "DELETE", Path: "/notes/{slug}", Summary: "Delete"},
		func(ctx context.Context, _ *struct {
			Slug string `path:"slug"`
		},
		) (*reply[nothing], error) {
			return &reply[nothing]{}, d.called(ctx)
		})
	register(d.edge, operation{ID: "sendNote", Method: "POST", Path: "/notes/{slug}/send", Summary: "Send", Key: keyRequired, Deadline: sendTime, Fields: map[string]string{"cart": "cart_id"}},
		func(ctx context.Context, _ *struct {
			Slug string `path:"slug"`
			Body struct {
				CartID string `json:"cart_id"`
			}
		},
		) (*reply[nothing], error) {
			return &reply[nothing]{}, d.called(ctx)
		})
	registerStream(d.edge, operation{ID: "exportNotes", Method: "GET", Path: "/export", Summary: "Export", Produces: "application/x-ndjson", Deadline: -1},
		func(ctx context.Context, in *struct {
			Break bool `query:"break"`
		}, w http.ResponseWriter, _ *http.Request,
		) error {
			if in.Break {
				_, _ = io.WriteString(w, "{}\n")
				_ = http.NewResponseController(w).Flush()
			}
			if err := d.called(ctx); err != nil {
				return err
			}
			w.Header().Set("Content-Type", "application/x-ndjson")
			_, err := io.WriteString(w, "{}\n")
			return err
		})
}

// got is an answer.
type got struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

// do sends a request (headers as name, value, …) and holds the answer against
// the document.
func (d *desk) do(method, target, body string, headers ...string) got {
	d.t.Helper()
	var r *http.Request
	if body == "" {
		r = httptest.NewRequestWithContext(context.Background(), method, target, nil)
	} else {
		r = httptest.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		} else {
			r.Header.Add(headers[i], headers[i+1])
		}
	}
	return d.send(r)
}

func (d *desk) send(r *http.Request) got {
	d.t.Helper()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	g := got{d.t, w.Code, w.Header(), w.Body.String()}
	checkAnswer(d.t, d.edge, r, g)
	return g
}

// problem is what a problem says.
type problemSaid struct {
	Type, Title, Code, Detail string
	Status                    int
	RequestID                 string `json:"request_id"`
	Errors                    []FieldError
	Resource                  string
	CurrentVersion            int64  `json:"current_version"`
	OrderID                   string `json:"order_id"`
	Field                     string
	Max                       int64
	Lines                     []map[string]any
}

// problem reads an answer that must be this problem.
func (g got) problem(status int, code string) problemSaid {
	g.t.Helper()
	var p problemSaid
	if err := json.Unmarshal([]byte(g.body), &p); err != nil {
		g.t.Fatalf("%d %q is no problem: %v", g.status, g.body, err)
	}
	if g.status != status || p.Code != code || p.Status != status || p.Type != "urn:bodega:problem:"+code || p.Title == "" || p.Detail == "" ||
		p.RequestID != g.header.Get("X-Request-ID") || g.header.Get("Content-Type") != problemType {
		g.t.Fatalf("got %d %s %s\nwant %d %s", g.status, g.header.Get("Content-Type"), g.body, status, code)
	}
	return p
}

// finding reads an answer that must be validation_failed with one finding.
func (g got) finding(location, code string) {
	g.t.Helper()
	g.findingOf("validation_failed", location, code)
}

// findingOf is finding for a problem with a code of its own.
func (g got) findingOf(problem, location, code string) {
	g.t.Helper()
	p := g.problem(http.StatusUnprocessableEntity, problem)
	if len(p.Errors) != 1 || p.Errors[0].Location != location || p.Errors[0].Code != code || p.Errors[0].Message == "" {
		g.t.Fatalf("got %s\nwant one finding %s at %s", g.body, code, location)
	}
}

// ok reads an answer that must have this status.
func (g got) ok(status int) got {
	g.t.Helper()
	if g.status != status {
		g.t.Fatalf("got %d %s, want %d", g.status, g.body, status)
	}
	return g
}
