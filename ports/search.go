package ports

import (
	"context"

	"github.com/bodega-commerce/bodega/core/search"
)

// Searcher finds products. It reads the index, not the store: what was written
// a moment ago may not be found yet.
type Searcher interface {
	// Search answers one page of the products that match, collapsed from their
	// matching variants, with the facets of the whole result.
	//
	// The order is that of the query's sort. Relevance is score, then sales;
	// price_asc is the lowest price first, price_desc the highest; rating is
	// average, then number of ratings; popularity is sales; newest is
	// Document.Newest. A product stands where its best matching variant does,
	// and is shown by it: among variants equal in that, the one of the higher
	// score, then the lower price, the newer, the lower SKU. Every order ends
	// with the product id, ascending, so that pages neither repeat nor skip a
	// product of an unchanged index.
	//
	// Unknown words, brands, categories, attributes and values are no error:
	// they find nothing. Counts are of products and disjunctive, see
	// search.Facet; the count of an unselected value is the total after
	// selecting only it in that facet.
	//
	// The slices and maps inside the result may be shared with other callers
	// and must not be changed.
	//
	// Invalid when the query does not validate; Unavailable when the engine
	// does not answer in time; Canceled.
	Search(ctx context.Context, q search.Query) (search.Result, error)

	// Suggest completes what was typed with categories, brands and products
	// that have a word beginning with its last word and the words before it.
	// Errors as of Search.
	Suggest(ctx context.Context, q search.SuggestQuery) ([]search.Suggestion, error)
}

// Indexer keeps the index in step with the store.
type Indexer interface {
	// Index writes documents and tombstones, each under its SKU, and answers
	// what became of each, in order. A document replaces what the index knows
	// of the SKU unless that has a higher version; the same version again
	// changes nothing. A tombstone's version counts like any other, so a late
	// or repeated job can neither undo a newer one nor resurrect what was
	// deleted. While an index is being built, writes reach both it and the one
	// in service. The documents are found soon after, not at once.
	//
	// Invalid when a document does not validate (then none is written).
	// Unavailable and Canceled may leave some of them written: writing again
	// is harmless.
	Index(ctx context.Context, docs []search.Document) ([]search.Outcome, error)

	// Define replaces the schema as a whole, in the index in service and in
	// the one being built, unless a higher version is in force.
	Define(ctx context.Context, schema search.Schema) error
}

// IndexBuilder makes a new index beside the one in service: at start, and when
// the index is to be rebuilt.
type IndexBuilder interface {
	// Begin starts an empty index under a name of at most 40 lower-case letters,
	// digits and '_', or one of the engine's choice if that is empty. Until it is
	// committed or aborted, writes of the Indexer reach both. It begins with the
	// schema in force. Conflict while another build is under way in this process.
	//
	// A build of this name that was neither committed nor aborted, whichever
	// program began it, is taken up instead: then resumed is true, and what was
	// added to it is in it. An engine whose index ends with its program takes up
	// none. Exists when it is in service already.
	Begin(ctx context.Context, name string) (build IndexBuild, resumed bool, err error)
}

// IndexBuild is one index being built. It is used by one goroutine, beside the
// Indexer's writes.
type IndexBuild interface {
	// Add writes documents by the rules of Indexer.Index: what a live write
	// has brought meanwhile stands if it is newer.
	Add(ctx context.Context, docs []search.Document) ([]search.Outcome, error)

	// Entries is as of IndexReader, but of the index being built, and sees
	// everything that was written to it before.
	Entries(ctx context.Context, after string, limit int) ([]search.Entry, error)

	// Commit puts the index in service in place of the old one, all at once:
	// every search sees the one or the other. On failure the old one stays.
	Commit(ctx context.Context) error

	// Abort throws the index away. After Commit, and again, it does nothing.
	Abort(ctx context.Context) error

	// Leave ends this program's part in the build, which Begin can take up again
	// under its name if the engine outlives its program; else it is Abort.
	Leave(ctx context.Context) error
}

// IndexReader tells what the index in service holds, for whoever compares it
// with the store.
type IndexReader interface {
	// Held reports which documents the index holds as they are, by
	// search.Document.Digest and whatever their version, so that they need not be
	// written again. It is as of the last write. While an index is being built it
	// reports none.
	//
	// A document that is left where it is stays under its lower version, and a
	// late writer may then replace it with what it has read before: so whoever
	// writes beside others that leave out what is held must look into the store
	// again afterwards. A nil answer says that nobody needs to bother: all
	// documents are to be written, and an equal one costs the engine nothing.
	Held(ctx context.Context, docs []search.Document) ([]bool, error)

	// Entries returns up to limit entries with a key after the given one, by the
	// bytes of their keys; the empty key begins. Tombstones are left out. It sees
	// what searches see.
	Entries(ctx context.Context, after string, limit int) ([]search.Entry, error)
}

// SearchEngine is everything a shop needs of its index.
type SearchEngine interface {
	Searcher
	Indexer
	IndexBuilder
	IndexReader
}
