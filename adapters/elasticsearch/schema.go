package elasticsearch

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/search"
)

// The schema is a document of its own beside the indices, under its version, so
// that the engine itself keeps the highest, every program sees it and a new
// index begins with it.
func (e *Engine) schemaIndex() string { return e.options.Prefix + "_settings" }

// schemaFor is how long a program relies on the schema it knows.
const schemaFor = time.Second

type schemaCache struct {
	mu      sync.Mutex
	known   *search.Schema
	stored  revision // that it was read from
	at      time.Time
	loading bool
}

func (c *schemaCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = nil
}

// revision tells what is stored from what was stored before.
type revision struct {
	Found   bool
	Version int64 `json:"_version"`
	Number  int64 `json:"_seq_no"`
	Term    int64 `json:"_primary_term"`
}

// confirm returns the schema if it is what the revision stands for.
func (c *schemaCache) confirm(r revision) (search.Schema, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || !r.Found || c.stored != r {
		return search.Schema{}, false
	}
	c.loading, c.at = false, time.Now()
	return *c.known, true
}

// keep takes what a revision says, the zero one if it is not known which that is.
func (c *schemaCache) keep(s search.Schema, r revision) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loading = false
	if c.known == nil || c.known.Version <= s.Version {
		c.known, c.stored = &s, r
	}
	c.at = time.Now()
}

// storedSchema is how the document is written.
type storedSchema struct {
	Version    int64             `json:"version"`
	Attributes []storedAttribute `json:"attributes"`
}

type storedAttribute struct {
	Name       string      `json:"name"`
	Label      string      `json:"label,omitempty"`
	Unit       string      `json:"unit,omitempty"`
	Numeric    bool        `json:"numeric,omitempty"`
	Filterable bool        `json:"filterable,omitempty"`
	Position   int         `json:"position,omitempty"`
	Choices    [][2]string `json:"choices,omitempty"` // value and label
}

// Define is ports.Indexer.Define. Other programs show the new schema within
// about a second.
func (e *Engine) Define(ctx context.Context, schema search.Schema) error {
	if err := ctx.Err(); err != nil {
		return e.failed(ctx, err)
	}
	stored := storedSchema{Version: schema.Version, Attributes: make([]storedAttribute, 0, len(schema.Attributes()))}
	for _, a := range schema.Attributes() {
		s := storedAttribute{Name: a.Name, Label: a.Label, Unit: a.Unit, Numeric: a.Numeric, Filterable: a.Filterable, Position: a.Position}
		for _, c := range a.Choices {
			s.Choices = append(s.Choices, [2]string{c.Value, c.Label})
		}
		stored.Attributes = append(stored.Attributes, s)
	}
	create := object{"settings": object{"number_of_shards": 1, "auto_expand_replicas": replicas}, "mappings": object{"enabled": false}}
	err := e.call(ctx, e.writes, http.MethodPut, "/"+e.schemaIndex(), create, nil)
	if err != nil && !refusedAs(err, http.StatusBadRequest, "resource_already_exists_exception") {
		return err
	}
	path := fmt.Sprintf("/%s/_doc/schema?version=%d&version_type=external_gte", e.schemaIndex(), max(0, schema.Version))
	err = e.call(ctx, e.writes, http.MethodPut, path, stored, nil)
	switch {
	case refusedAs(err, http.StatusConflict, ""): // a higher one is in force
		e.schema.forget()
	case err != nil:
		return err
	default:
		e.schema.keep(schema, revision{})
	}
	return nil
}

// schemaInForce returns the schema as known to this program, which is a little
// late in hearing of what others define.
func (e *Engine) schemaInForce(ctx context.Context) (search.Schema, error) {
	c := &e.schema
	c.mu.Lock()
	known := c.known
	late := known != nil && time.Since(c.at) > schemaFor && !c.loading
	c.loading = c.loading || late
	c.mu.Unlock()
	if late {
		e.inBackground(func(ctx context.Context) { //nolint:contextcheck // it outlives the search
			if _, err := e.loadSchema(ctx); err != nil {
				c.mu.Lock()
				c.loading = false
				c.mu.Unlock()
			}
		})
	}
	if known != nil {
		return *known, nil
	}
	return e.loadSchema(ctx)
}

func (e *Engine) loadSchema(ctx context.Context) (search.Schema, error) {
	// It may be long, and hardly ever changes.
	var last revision
	path := "/" + e.schemaIndex() + "/_doc/schema"
	if err := e.call(ctx, e.reads, http.MethodGet, path+"?_source=false", nil, &last); err == nil {
		if known, same := e.schema.confirm(last); same {
			return known, nil
		}
	}
	var told struct {
		revision
		Source storedSchema `json:"_source"`
	}
	err := e.call(ctx, e.reads, http.MethodGet, path, nil, &told)
	if err != nil && !refusedAs(err, http.StatusNotFound, "") {
		return search.Schema{}, err
	}
	attributes := make([]search.Attribute, 0, len(told.Source.Attributes))
	for _, s := range told.Source.Attributes {
		a := search.Attribute{Name: s.Name, Label: s.Label, Unit: s.Unit, Numeric: s.Numeric, Filterable: s.Filterable, Position: s.Position}
		for _, c := range s.Choices {
			a.Choices = append(a.Choices, search.Choice{Value: c[0], Label: c[1]})
		}
		attributes = append(attributes, a)
	}
	schema := search.NewSchema(told.Source.Version, attributes)
	e.schema.keep(schema, told.revision)
	return schema, nil
}

// defined returns the attribute of a name as facets show it, if they do.
func defined(s *search.Schema, name string) (*search.Attribute, bool) {
	if name == search.FacetBrand || name == search.FacetCategory {
		return nil, false
	}
	a, ok := s.Attribute(name)
	return &a, ok && a.Filterable
}
