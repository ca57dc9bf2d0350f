package memsearch

import (
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/search"
)

// columns are the members of documents by ordinal. They are appended and never
// changed: a new version of a document has a new ordinal, and the old one dies.
// So readers keep the slices they were given while the writer appends behind
// them.
type columns struct {
	rows    []row
	sku     []id.SKU
	name    []string // the product's
	slug    []string
	newest  []int64
	rating  []float64
	ratings []int32
	length  []float32
	names   lists    // terms of the name in order, none between the product's and the variant's
	values  []uint32 // of attributes, by ordinal, end to end
}

// row is what every search reads of a document, kept together.
type row struct {
	price, sales int64
	group        uint32 // the product's ordinal
	brand        uint32 // ordinal+1, 0 for none
	path         uint32 // ordinal in paths
	from, to     uint32 // in values
	shown        uint32 // facets count the values up to here
	flags        uint8
}

// facetValues returns the values of a document that facets count.
func (c *columns) facetValues(r *row) []uint32 { return c.values[r.from:r.shown] }

// allValues returns all values of a document.
func (c *columns) allValues(r *row) []uint32 { return c.values[r.from:r.to] }

// lists is one list of numbers per ordinal, end to end.
type lists struct {
	end  []uint32
	list []uint32
}

func (l *lists) at(doc uint32) []uint32 {
	start := uint32(0)
	if doc > 0 {
		start = l.end[doc-1]
	}
	return l.list[start:l.end[doc]]
}

func (l *lists) append(items ...uint32) {
	l.list = append(l.list, items...)
	l.end = append(l.end, uint32(len(l.list)))
}

const (
	flagInStock = 1 << iota
	flagFeatured
)

// posting says which documents have a term, ascending, and where in each. The
// writer adds to one that it made since the last state was handed out; others
// are immutable, and a longer one shares its arrays.
type posting struct {
	docs  []uint32
	where []place
	epoch uint64 // of paged, in which it was made
}

// place says where in a document a term stands.
type place uint8

const (
	inName      place = 1 << iota // how often, up to 3, in two bits
	_                             //
	inHead                        //
	inBrand                       //
	inCategory                    //
	inAttribute                   //
	inText                        // description
)

const nameCount = 3 * inName

// category is a step of some document's path, with its parent's ordinal+1.
type category struct {
	search.Category
	parent uint32
}

// snapshot is a state of an index, immutable but for keys and skus, and for what
// it remembers of its own.
type snapshot struct {
	*keys
	*skus
	columns
	live  bitset
	alive int    // documents
	multi bitset // groups of more than one document

	products []id.Product    // by group
	groups   paged[[]uint32] // live documents of a group
	postings paged[*posting]
	inPath   paged[[]uint32] // documents by category, also dead ones

	valueText      []string           // attribute values, as search.Value.String writes them
	valueNumber    []float64          // what they read as, NaN for nothing
	attributeOf    []uint32           // by value
	attributeTypes []search.Attribute // by attribute ordinal, as the schema defines it
	ofAttribute    paged[[]uint32]    // values by attribute
	brands         []search.Brand
	categories     []category
	paths          [][]uint32

	currency  money.Currency
	avgLength float32
	lexicon   *lexicon

	counted  *counts
	answered *answers
}
