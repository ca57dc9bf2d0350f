package catalog

import (
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// Sort is an order of a storefront list. Each ends with the product's id.
type Sort string

const (
	Newest       Sort = "newest" // released, else created; latest first
	PriceAsc     Sort = "price_asc"
	PriceDesc    Sort = "price_desc"
	ByRating     Sort = "rating"
	ByPopularity Sort = "popularity"
)

// The limits of pages: a page holds 1 to MaxPerPage, and MaxDeep products can
// be paged through.
const (
	DefaultPerPage = 24
	MaxPerPage     = 100
	MaxDeep        = 1000
)

// Listing is what a storefront list of active products may ask. Price order is
// by the lowest price among active variants.
type Listing struct {
	Categories []id.Category // any of these (a category with its descendants); empty: all
	Brand      id.Brand      // zero: all
	Featured   *bool
	Sort       Sort
	Page       int // from 1
	PerPage    int
}

// Validate answers Invalid for a page or size out of range (never clamped) and
// for an unknown sort; page_out_of_range past MaxPage.
func (l Listing) Validate() error {
	var f fault.Fields
	switch l.Sort {
	case Newest, PriceAsc, PriceDesc, ByRating, ByPopularity:
	default:
		f.Add("sort", "enum", "must be newest, price_asc, price_desc, rating or popularity")
	}
	ValidatePage(&f, l.Page, l.PerPage)
	if err := f.Err(); err != nil {
		return err
	}
	if l.Page > MaxPage(l.PerPage) {
		return PageOutOfRange(l.PerPage)
	}
	return nil
}

// ValidatePage records what is wrong with a page and its size.
func ValidatePage(f *fault.Fields, page, perPage int) {
	if page < 1 {
		f.Add("page", "too_small", "must be at least 1")
	}
	switch {
	case perPage < 1:
		f.Add("per_page", "too_small", "must be at least 1")
	case perPage > MaxPerPage:
		f.Add("per_page", "too_large", "must be at most 100")
	}
}

// MaxPage returns the last page that can be asked for, whatever the total.
func MaxPage(perPage int) int { return MaxDeep / perPage }

// PageOutOfRange returns the answer to a page past MaxPage.
func PageOutOfRange(perPage int) error {
	e := fault.InvalidField("page", "too_large", "is past the last page that can be asked for")
	e.Code, e.Detail, e.Data = "page_out_of_range", "use filters or a cursor to reach more", fault.Max{Max: int64(MaxPage(perPage))}
	return e
}

// Page is one page of a list and the number of all.
type Page struct {
	Products []Product
	Total    int
}

// Browse is what an operator's list of products may ask. Results come in the
// order of Sort, then id.
type Browse struct {
	Query        string // part of a name or the beginning of a SKU, ignoring case
	Status       Status // "": all
	Category     id.Category
	Brand        id.Brand
	UpdatedSince time.Time
	Sort         BrowseSort
	Descending   bool
	After        BrowseKey // zero: from the beginning
	Limit        int       // 1..100
	Count        bool      // also count all
}

// BrowseSort names the column of an operator's list.
type BrowseSort string

const (
	BrowseByID        BrowseSort = "id"
	BrowseByName      BrowseSort = "name"
	BrowseByUpdatedAt BrowseSort = "updated_at"
	BrowseByPrice     BrowseSort = "price"
)

// BrowseKey is where the previous page of a Browse ended: the sort column's
// value in its text form and the id of the last product.
type BrowseKey struct {
	Value string
	ID    id.Product
}

// IsZero reports whether the list starts at its beginning.
func (k BrowseKey) IsZero() bool { return k.ID.IsZero() }

// Validate answers Invalid for an unknown sort or status, a limit out of range
// or a query that is no text.
func (b Browse) Validate() error {
	var f fault.Fields
	switch b.Sort {
	case BrowseByID, BrowseByName, BrowseByUpdatedAt, BrowseByPrice:
	default:
		f.Add("sort", "enum", "must be id, name, updated_at or price")
	}
	switch b.Status {
	case "", Draft, Active, Archived:
	default:
		f.Add("status", "enum", "must be draft, active or archived")
	}
	switch {
	case b.Limit < 1:
		f.Add("limit", "too_small", "must be at least 1")
	case b.Limit > MaxPerPage:
		f.Add("limit", "too_large", "must be at most 100")
	}
	checkText(&f, "q", b.Query, MaxName)
	return f.Err()
}
