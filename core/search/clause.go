package search

import "github.com/bodega-commerce/bodega/core/id"

// Op is what a clause does.
type Op uint8

const (
	OpTerm     Op = iota // the word Text in one of Fields
	OpPhrase             // the words of Text, separated by spaces, next to each other and in this order in FieldName
	OpPrefix             // a word that begins with Text, unstemmed, in one of Fields
	OpAll                // every one of Of; the score is their sum
	OpAny                // at least Min of Of; the score is the sum of those that match
	OpBest               // at least one of Of; the score is the highest
	OpFilter             // the one clause of Of, without its score: Boost is the score
	OpProduct            // the variants of Product: Boost is the score
	OpInStock            // what is in stock: Boost is the score
	OpFeatured           // what is featured: Boost is the score
	OpDemote             // the first of Of; what also matches the second is worth Demotion of its score
)

// Demotion is what is left of the score of what is demoted.
const Demotion = 1e-6

// Field is a set of the parts of a document.
type Field uint8

const (
	FieldName        Field          = 1 << iota // product's name and variant's title
	FieldBrand                                  // name
	FieldCategory                               // names of the whole path
	FieldAttributes                             // texts, and names of true booleans
	FieldDescription                            //
	FieldHead                                   // what the name says the thing is: see Head
	FieldSKU                                    // the whole SKU, ignoring case
	FieldText        = FieldSKU - 1             // all but the SKU
)

// Clause is a node of the tree that says which documents match and what each
// match is worth. An engine translates it and adds no rule of its own.
type Clause struct {
	Op      Op
	Text    string
	Product id.Product
	Fields  Field
	Boost   float64 // multiplies the score; 0 means 1
	Min     int     // of OpAny; 0 means 1
	Of      []Clause
	Prefer  []Clause // raise the score of what matches, and match nothing by themselves
}

// Pass is one attempt to answer a query. The passes of a plan are tried in
// order; the first that matches at least Enough products wins, before any
// filter is looked at (so that a filter never changes what the words mean), and
// the last one wins anyway. Results of a pass are ordered by score.
type Pass struct {
	Clause    Clause
	Enough    int
	Corrected string // the text of this pass where it is not the one typed

	Pinned, Buried []id.Product // by the shop's rules: see Whole
}

// Steered reports whether Whole is more than Clause.
func (p *Pass) Steered() bool { return len(p.Pinned)+len(p.Buried) > 0 }

// Whole returns what the pass finds in the end: its Clause, which alone decides
// whether it matches Enough, with the buried products below all others and the
// pinned ones above, these also where they do not match.
func (p *Pass) Whole() Clause {
	c := p.Clause
	if len(p.Buried) > 0 {
		c = Clause{Op: OpDemote, Of: []Clause{c, best(products(p.Buried, func(int) float64 { return 1 })...)}}
	}
	if len(p.Pinned) > 0 {
		c = Clause{
			Op: OpBest, Of: append([]Clause{c}, products(p.Pinned, func(int) float64 { return Demotion })...),
			Prefer: products(p.Pinned, func(i int) float64 { return float64(len(p.Pinned)-i) * pinBoost }),
		}
	}
	return c
}

// pinBoost lifts a pinned product over the next, and over everything words and a
// SKU can score; twenty of them still leave a float32 room to tell variants apart.
const pinBoost = 4096

func products(list []id.Product, boost func(i int) float64) []Clause {
	of := make([]Clause, len(list))
	for i, p := range list {
		of[i] = Clause{Op: OpProduct, Product: p, Boost: boost(i)}
	}
	return of
}

// Vocabulary is what a plan needs to know of the words in an index. Words are
// given in lower case, unfolded.
type Vocabulary interface {
	// Known reports whether some document has the word or an inflection of it.
	Known(word string) bool
	// Near returns the indexed words that were probably meant by one, the
	// likeliest first, or none: see Dictionary.Near.
	Near(word string) []string
	// Alike reports whether two words are forms of one.
	Alike(a, b string) bool
	// Together reports how many documents have all of the words, about.
	Together(words []string) int
}
