// Package elasticsearch is the search engine of shops that run as several
// programs: an index on Elasticsearch 8 that all of them share.
//
// What a query means is decided in core/search; here its clauses become the
// engine's queries, and the engine's answers one search.Result. A document is
// one variant. Its words are split by search.Words before they are sent, and
// folded and stemmed by the engine's analysers.
//
//	open.go, client.go        reaching the engine, and what its failures mean
//	breaker.go, stats.go      not asking one that is down; figures for metrics
//	mapping.go, document.go   what is kept of a variant
//	targets.go, write.go      which indices there are, and writing to them
//	held.go                   what is in the index
//	build.go, sweep.go        a new index beside the one in service; what is dropped
//	schema.go                 how attributes are shown, shared by all programs
//	lexicon.go, survey.go     what is known of words: stems, frequencies, typos
//	clause.go, conditions.go  clauses and filters as queries
//	search.go, ask.go         a search, usually in one request
//	facets.go, shown.go       what a result can be narrowed by
//	shapes.go                 what the same words were answered with before
//	suggest.go, marks.go      completions and highlights
//
// Apps wire it. It imports the nouns, ports and the engine's own transport.
package elasticsearch
