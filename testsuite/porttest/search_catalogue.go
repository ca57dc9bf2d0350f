package porttest

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// Catalogue is a real one, as an import would index it.
type Catalogue struct {
	Docs    []search.Document
	Schema  search.Schema
	Product map[string]id.Product // by SKU
}

type catalogueLine struct {
	SKU      string
	Title    string
	Brand    string
	Category []string
	Price    struct {
		Amount   int64
		Currency string
	}
	Description string
	Released    string // a date, or a time
	Attributes  map[string]any
	Family      string
	Options     map[string]string
}

// ReadCatalogue reads the catalogue in the directory BODEGA_TEST_DATA; without it
// the test is skipped.
func ReadCatalogue(tb testing.TB) *Catalogue {
	tb.Helper()
	dir := os.Getenv("BODEGA_TEST_DATA")
	if dir == "" {
		tb.Skip("BODEGA_TEST_DATA is not set")
	}
	f, err := os.Open(filepath.Join(dir, "products.jsonl.gz"))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := ParseCatalogue(z)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// ParseCatalogue reads the lines of a feed.
func ParseCatalogue(feed io.Reader) (*Catalogue, error) {
	c := &Catalogue{Product: map[string]id.Product{}}
	families := map[string]search.Document{}
	scan := bufio.NewScanner(feed)
	scan.Buffer(nil, 1<<20)
	uses := map[string]map[string]int{} // documents by leaf and attribute
	leaf := map[string]int{}
	text := map[string]bool{}
	for n := uint64(1); scan.Scan(); n++ {
		var l catalogueLine
		if err := json.Unmarshal(scan.Bytes(), &l); err != nil {
			return nil, err
		}
		released := time.Time{}
		if l.Released != "" {
			var err error
			if released, err = time.Parse(time.DateOnly, l.Released[:min(len(time.DateOnly), len(l.Released))]); err != nil {
				return nil, err
			}
		}
		d := search.Document{
			SKU: id.SKU(l.SKU), Product: id.Product{UUID: numbered(n)}, Version: 1,
			Name: l.Title, Title: l.Title, Slug: slug(l.Title), Description: l.Description,
			Brand: search.Brand{Slug: slug(l.Brand), Name: l.Brand}, Price: money.New(l.Price.Amount, money.Currency(l.Price.Currency)),
			InStock: n%10 != 0, Rating: float64(n%5) + 1, Ratings: int(n % 50), Released: released,
			Attributes: map[string]search.Value{},
		}
		path := ""
		for _, name := range l.Category {
			path += "/" + name
			d.Categories = append(d.Categories, search.Category{ID: id.Category{UUID: hashed(path)}, Slug: slug(path), Name: strings.ReplaceAll(name, "-", " ")})
		}
		if l.Family != "" {
			first, ok := families[l.Family]
			if !ok {
				first = d
				families[l.Family] = first
			}
			d.Product, d.Name, d.Slug = first.Product, first.Name, first.Slug
		}
		leaf[path]++
		if uses[path] == nil {
			uses[path] = map[string]int{}
		}
		for name, v := range l.Attributes {
			name = strings.ToLower(name)
			uses[path][name]++
			switch v := v.(type) {
			case string:
				d.Attributes[name] = search.Text(v)
				text[name] = true
			case float64:
				d.Attributes[name] = search.Number(v)
			case bool:
				d.Attributes[name] = search.Bool(v)
				text[name] = true
			}
		}
		for name, v := range l.Options {
			name = strings.ToLower(name)
			d.Attributes["option_"+name] = search.Text(v)
			uses[path]["option_"+name] += 1000
			text["option_"+name] = true
		}
		c.Product[l.SKU] = d.Product
		c.Docs = append(c.Docs, d)
	}
	if err := scan.Err(); err != nil {
		return nil, err
	}
	var defs []search.Attribute
	for path, names := range uses {
		for name, n := range names {
			defs = append(defs, search.Attribute{Name: name, Label: name, Numeric: !text[name], Filterable: n*20 >= leaf[path]})
		}
	}
	c.Schema = search.NewSchema(1, defs)
	return c, nil
}

// Fill puts the catalogue in service in an engine.
func (c *Catalogue) Fill(tb testing.TB, engine ports.SearchEngine) {
	tb.Helper()
	if err := c.Build(tb.Context(), engine); err != nil {
		tb.Fatal(err)
	}
}

// Build is Fill outside of tests.
func (c *Catalogue) Build(ctx context.Context, engine ports.SearchEngine) error {
	if err := engine.Define(ctx, c.Schema); err != nil {
		return err
	}
	b, _, err := engine.Begin(ctx, "")
	if err != nil {
		return err
	}
	for docs := range slices.Chunk(c.Docs, 500) {
		if _, err := b.Add(ctx, docs); err != nil {
			return errors.Join(err, b.Abort(context.WithoutCancel(ctx)))
		}
	}
	return b.Commit(ctx)
}

func numbered(n uint64) (u id.UUID) {
	binary.BigEndian.PutUint64(u[8:], n)
	return u
}

func hashed(s string) (u id.UUID) {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return numbered(h)
}

func slug(s string) string {
	fields := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(fields, "-")
}
