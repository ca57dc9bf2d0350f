// Package search is what a search means, for every engine alike: what may be
// asked (Query), what is indexed (Document, Schema), what comes back (Result),
// and how the words a shopper types become a small tree of clauses (Plan) that
// an engine only translates. Engines own folding, stemming and scoring; the
// splitting of text into words, numbers and units, the correction of typos, the
// weights and the order of attempts are decided here.
//
// It is used by the search verbs, by the search adapters and by the HTTP edge.
// It imports the standard library, fault, money and id.
package search
