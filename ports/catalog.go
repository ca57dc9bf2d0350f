package ports

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
)

// Products reads active products for the storefront. Variants that are not
// active are left out. The slices and maps inside the products may be shared
// with other callers and must not be changed.
type Products interface {
	// BySlug returns an active product. An old slug finds it too: the answer's
	// Slug is then another than the one asked for.
	BySlug(ctx context.Context, slug string, after Mark) (catalog.Product, error)
	// ByIDs returns the active products among ids, in the order of ids.
	ByIDs(ctx context.Context, ids []id.Product, after Mark) ([]catalog.Product, error)
	// Page returns one page of a valid listing and the total.
	Page(ctx context.Context, l catalog.Listing, after Mark) (catalog.Page, error)
	// Walk returns up to limit active products changed at or after since with an
	// id after the given one, by id. The zero id begins.
	Walk(ctx context.Context, since time.Time, from id.Product, limit int, after Mark) ([]catalog.Product, error)
}

// Taxonomies reads what describes products.
type Taxonomies interface {
	// Taxonomy returns all categories, brands and attribute definitions. The
	// answer is immutable and may be shared.
	Taxonomy(ctx context.Context, after Mark) (*catalog.Taxonomy, error)
	// ActiveCounts returns the number of active products whose own category is
	// the key; categories without any are left out.
	ActiveCounts(ctx context.Context, after Mark) (map[id.Category]int, error)
}

// ProductRecords reads products as they are stored, whatever their status, on
// the primary.
type ProductRecords interface {
	Product(ctx context.Context, p id.Product) (catalog.Product, error)
	// ProductsByID returns the products that are there, each once, by id.
	ProductsByID(ctx context.Context, ids []id.Product) ([]catalog.Product, error)
	// ProductsBySKU returns the products that have one of the SKUs, each once, by id.
	ProductsBySKU(ctx context.Context, skus []id.SKU) ([]catalog.Product, error)
	// Browse returns one stretch of an operator's list, and the total if it was
	// asked for (else -1).
	Browse(ctx context.Context, b catalog.Browse) ([]catalog.Product, int, error)
	// SKUs returns up to limit SKUs that there are, by the bytes of their
	// id.SKU.Fold, after the given one; the empty one begins.
	SKUs(ctx context.Context, after string, limit int) ([]id.SKU, error)
	// All calls yield with every product, by id, from one consistent state per
	// call of yield; an error from yield ends it and comes back.
	All(ctx context.Context, yield func(catalog.Product) error) error
}

// Offers reads the prices that bind, on the primary.
type Offers interface {
	// Offers returns the offers of the SKUs that exist, keyed by id.SKU.Fold.
	Offers(ctx context.Context, skus []id.SKU) (map[string]catalog.Offer, error)
}

// Images keeps what is known of uploaded pictures; the bytes are with Files.
type Images interface {
	AddImage(ctx context.Context, img catalog.Image, at time.Time) (Mark, error)
	// ImagesByID returns the images that exist, in the order of ids.
	ImagesByID(ctx context.Context, ids []id.Image) ([]catalog.Image, error)
}

// Imports keeps the reports of catalogue imports.
type Imports interface {
	// SaveImport inserts or replaces a report, but not its rejected lines.
	SaveImport(ctx context.Context, r feed.Report) error
	// AddRejects appends rejected lines to a report.
	AddRejects(ctx context.Context, im id.Import, rejects []feed.Reject) error
	Import(ctx context.Context, im id.Import) (feed.Report, error)
	// Rejects returns up to limit rejected lines after the given line number, by line.
	Rejects(ctx context.Context, im id.Import, afterLine, limit int) ([]feed.Reject, error)
}

// ProductWriter writes products. Writes are checked for uniqueness: Exists
// (already_exists, Data fault.Taken) with "slug" or "sku", the latter ignoring
// case.
type ProductWriter interface {
	// ForUpdate returns the products that exist, by id, locked.
	ForUpdate(ctx context.Context, ids ...id.Product) ([]catalog.Product, error)
	// ForUpdateByFeed returns, locked and each once, the products that have one
	// of the SKUs or one of the families.
	ForUpdateByFeed(ctx context.Context, skus []id.SKU, families []string) ([]catalog.Product, error)
	// Save inserts new products and replaces those that are there, with all
	// their variants. A changed slug stays findable under its old name. A stored
	// variant's SKU cannot change its bytes: Invalid at sku. Invalid
	// (unknown_reference) at category_id or brand_id for one that is not there.
	Save(ctx context.Context, products ...catalog.Product) error
	// Delete removes products with their variants and old slugs. Those that are
	// not there are ignored.
	Delete(ctx context.Context, ids ...id.Product) error
}

// Slugs tells which names are taken, for whoever has to find a free one.
type Slugs interface {
	// Taken returns which of the slugs belong, now or as an old name, to which product.
	Taken(ctx context.Context, slugs []string) (map[string]id.Product, error)
}

// CategoryWriter writes the category tree. Exists for a slug that is taken.
type CategoryWriter interface {
	// TreeForUpdate returns all categories, and locks the tree until the end.
	TreeForUpdate(ctx context.Context) ([]catalog.Category, error)
	SaveCategories(ctx context.Context, cs ...catalog.Category) error
	// DeleteCategory removes a category and the definitions on it. Conflict
	// (in_use) while it has children or products.
	DeleteCategory(ctx context.Context, c id.Category) error
	// ProductsIn returns the ids of all products whose own category is one of
	// these, by id: whom a rename or a move concerns.
	ProductsIn(ctx context.Context, cs ...id.Category) ([]id.Product, error)
}

// BrandWriter writes brands. Exists for a slug that is taken.
type BrandWriter interface {
	// BrandsForUpdate returns the brands that exist, by id, locked.
	BrandsForUpdate(ctx context.Context, ids ...id.Brand) ([]catalog.Brand, error)
	SaveBrands(ctx context.Context, bs ...catalog.Brand) error
	// DeleteBrand removes a brand. Conflict (in_use) while it has products.
	DeleteBrand(ctx context.Context, b id.Brand) error
	// ProductsOf returns the ids of all products of a brand, by id.
	ProductsOf(ctx context.Context, b id.Brand) ([]id.Product, error)
}

// AttributeWriter writes attribute definitions. Whoever writes them holds the
// lock of CategoryWriter.TreeForUpdate.
type AttributeWriter interface {
	// Definitions returns all definitions, by category and name.
	Definitions(ctx context.Context) ([]catalog.AttributeDefinition, error)
	SaveDefinitions(ctx context.Context, ds ...catalog.AttributeDefinition) error
	DeleteDefinition(ctx context.Context, c id.Category, name string) error
}

// SearchVersions orders what is known of a SKU. A row outlives its variant and
// its number only rises, so that a late job can never put back what was deleted.
type SearchVersions interface {
	// Raise raises the version of every SKU that the products have or had, and
	// returns them for each product, by SKU. A SKU that has since gone to another
	// product is not the first one's any more.
	Raise(ctx context.Context, products ...id.Product) (map[id.Product][]SearchVersion, error)
	// Draw returns a version higher than the given one and than any before, for
	// what no product has any more, and for an index that has seen versions of
	// which this store does not know.
	Draw(ctx context.Context, past int64) (int64, error)
}

// SearchVersion is the version under which a SKU is to be indexed now. Live
// says whether the product still has a variant of that SKU.
type SearchVersion struct {
	SKU     id.SKU
	Version int64
	Live    bool
}
