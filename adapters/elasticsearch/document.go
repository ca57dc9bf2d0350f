package elasticsearch

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/search"
)

// document is a search.Document as it is kept; see indexBody.
type document struct {
	Key       string     `json:"key"` // id.SKU.Fold
	SKU       string     `json:"sku"`
	Digest    int64      `json:"digest"`
	Version   int64      `json:"version"`
	Deleted   bool       `json:"deleted"`
	DeletedAt *time.Time `json:"deleted_at,omitempty"`
	*content
}

type content struct {
	Product    string            `json:"product_id"`
	Number     int64             `json:"product_number"`
	Part       int               `json:"product_part"`
	Name       string            `json:"name"`
	Title      string            `json:"title,omitempty"`
	Shown      string            `json:"name_shown"`
	Slug       string            `json:"slug"`
	Brand      string            `json:"brand,omitempty"`
	BrandShown string            `json:"brand_shown,omitempty"`
	Path       []string          `json:"category_path,omitempty"`
	IDs        []string          `json:"category_ids,omitempty"`
	PathShown  []string          `json:"category_shown,omitempty"`
	Price      int64             `json:"price"`
	Currency   string            `json:"currency,omitempty"`
	InStock    bool              `json:"in_stock"`
	Featured   bool              `json:"featured"`
	Rating     float64           `json:"rating"`
	Ratings    int               `json:"rating_count"`
	Sales      int64             `json:"sales_count"`
	Newest     int64             `json:"newest"`
	Attributes map[string]string `json:"attributes,omitempty"`
	HasValue   []string          `json:"attribute_names,omitempty"`
	Numbers    map[string]string `json:"numbers,omitempty"`
	HasNumber  []string          `json:"number_names,omitempty"`
	Places     []float64         `json:"places,omitempty"` // of the numbers
	Length     int               `json:"length"`

	NameWords  string   `json:"name_words,omitempty"`
	Twice      string   `json:"name_words_2,omitempty"` // those that stand there twice
	Thrice     string   `json:"name_words_3,omitempty"` // or more often
	HeadWords  string   `json:"head_words,omitempty"`
	BrandWords string   `json:"brand_words,omitempty"`
	PathWords  string   `json:"category_words,omitempty"`
	ValueWords string   `json:"attribute_words,omitempty"`
	TextWords  string   `json:"description_words,omitempty"`
	NameForms  []string `json:"name_forms,omitempty"`
	TextForms  []string `json:"text_forms,omitempty"`
}

// separator stands between the members of what a facet shows. No slug or name
// of a brand or category has one.
const separator = "\x1f"

func newDocument(d *search.Document, now time.Time) document {
	doc := document{Key: d.SKU.Fold(), SKU: string(d.SKU), Digest: int64(d.Digest()), Version: d.Version, Deleted: d.Deleted}
	if d.Deleted {
		doc.DeletedAt = &now
		return doc
	}
	c := &content{
		Product: d.Product.String(), Name: d.Name, Shown: d.Name, Slug: d.Slug, Brand: d.Brand.Slug, Price: d.Price.Minor(), Currency: string(d.Price.Currency()),
		InStock: d.InStock, Featured: d.Featured, Rating: d.Rating, Ratings: d.Ratings, Sales: d.Sales,
	}
	c.Part, c.Number = partOf(d.Product)
	if at := d.Newest(); !at.IsZero() {
		c.Newest = at.UnixMicro()
	}
	if d.Title != d.Name {
		c.Title = d.Title
	}
	if d.Brand.Slug != "" {
		c.BrandShown = d.Brand.Slug + separator + d.Brand.Name
	}
	parent := ""
	for _, step := range d.Categories {
		c.Path = append(c.Path, step.Slug)
		c.IDs = append(c.IDs, step.ID.String())
		c.PathShown = append(c.PathShown, strings.Join([]string{step.ID.String(), step.Slug, parent, step.Name}, separator))
		parent = step.Slug
	}
	c.writeValues(d)
	c.writeWords(d)
	doc.content = c
	return doc
}

func (c *content) writeValues(d *search.Document) {
	for name, v := range d.Attributes {
		if !v.Facetable() {
			continue
		}
		if c.Attributes == nil {
			c.Attributes = make(map[string]string, len(d.Attributes))
		}
		c.Attributes[name] = v.String()
		c.HasValue = append(c.HasValue, name)
		if n, ok := v.Reading(); ok {
			if c.Numbers == nil {
				c.Numbers = map[string]string{}
			}
			c.Numbers[name] = sortable(n)
			c.HasNumber = append(c.HasNumber, name)
			c.Places = append(c.Places, placeOf(name, n))
		}
	}
}

// sortable writes a number so that texts sort like numbers.
func sortable(n float64) string {
	return fmt.Sprintf("%016x", sortableBits(n))
}

func unsortable(s string) float64 {
	var bits uint64
	if _, err := fmt.Sscanf(s, "%016x", &bits); err != nil {
		return math.NaN()
	}
	if bits>>63 == 1 {
		bits &^= 1 << 63
	} else {
		bits = ^bits
	}
	return math.Float64frombits(bits)
}

func (c *content) writeWords(d *search.Document) {
	names, others := wordList{}, wordList{}
	seen := map[string]int{}
	write := func(to *wordList, texts ...string) string {
		var b strings.Builder
		for _, text := range texts {
			for _, w := range search.Words(text) {
				b.WriteString(w.Text)
				b.WriteByte(' ')
				to.add(w.Text)
			}
		}
		return b.String()
	}
	titles := []string{d.Name, c.Title}
	for _, text := range titles {
		for _, w := range search.Words(text) {
			if seen[w.Text]++; !w.Extra {
				c.Length++
			}
		}
	}
	c.NameWords = write(&names, titles...)
	var twice, thrice []string
	for w, n := range seen {
		if n > 1 {
			twice = append(twice, w)
		}
		if n > 2 {
			thrice = append(thrice, w)
		}
	}
	c.Twice, c.Thrice = strings.Join(twice, " "), strings.Join(thrice, " ")
	c.HeadWords = write(&names, search.Head(d.Name, d.Brand.Name))
	c.BrandWords = write(&names, d.Brand.Name)
	path := make([]string, len(d.Categories))
	for i, step := range d.Categories {
		path[i] = step.Name
	}
	c.PathWords = write(&names, path...)
	var values []string
	for name, v := range d.Attributes {
		switch {
		case v.Kind() == search.KindText:
			values = append(values, v.String())
		case v.Kind() == search.KindBool && v.Number() != 0:
			values = append(values, strings.ReplaceAll(name, "_", " "))
		}
	}
	c.ValueWords = write(&others, values...)
	c.TextWords = write(&others, d.Description)
	c.NameForms, c.TextForms = names.distinct(), others.distinct()
}

// wordList gathers the words that a misspelt one may have meant.
type wordList []string

func (l *wordList) add(w string) {
	if !search.HasDigit(w) && utf8.RuneCountInString(w) > 2 {
		*l = append(*l, w)
	}
}

func (l *wordList) distinct() []string {
	slices.Sort(*l)
	return slices.Compact(*l)
}
