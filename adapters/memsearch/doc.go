// Package memsearch is the embedded search engine: an index in memory, built
// from the store before the shop is ready and kept in step by index jobs.
// Nothing is written to disk, so nothing can be corrupt or drift over a restart.
//
// A document is a row in columns, by ordinal; each term has a posting list. A
// search translates the clauses of its plan to lists of documents with BM25
// scores, then turns them into products and counts every facet exactly in one
// pass. Writers append rows, mark old versions dead and publish the new state
// behind an atomic pointer; readers keep the state they began with. When a fifth
// of the rows is dead they are squeezed out.
//
//	index.go, build.go      the ports, and who may do what at once
//	walk.go                 what it holds, in order
//	table.go, compact.go    the writer's side
//	columns.go, paged.go    what a state is made of and how states share it
//	keys.go, lexicon.go     words: folding, stemming, typos, completion
//	query.go, evaluate.go   from a query to scored documents
//	collect.go, facets.go   from documents to products and facets
//	suggest.go              completions
//
// Apps and embedders wire it; it imports the nouns, ports, a stemmer and x/text.
package memsearch
