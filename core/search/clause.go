package search

// Op is what a clause does.
type Op uint8

const (
	OpTerm   Op = iota // the word Text in one of Fields
	OpPhrase           // the words of Text, separated by spaces, next to each other and in this order in FieldName
	OpPrefix           // a word that begins with Text, unstemmed, in one of Fields
	OpAll              // every one of Of; the score is their sum
	OpAny              // at least Min of Of; the score is the sum of those that match
	OpBest             // at least one of Of; the score is the highest
	OpFilter           // the one clause of Of, without its score: Boost is the score
)

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
	Op     Op
	Text   string
	Fields Field
	Boost  float64 // multiplies the score; 0 means 1
	Min    int     // of OpAny; 0 means 1
	Of     []Clause
	Prefer []Clause // raise the score of what matches, and match nothing by themselves
}

// Pass is one attempt to answer a query. The passes of a plan are tried in
// order; the first that matches at least Enough products wins, before any
// filter is looked at (so that a filter never changes what the words mean), and
// the last one wins anyway. Results of a pass are ordered by score.
type Pass struct {
	Clause    Clause
	Enough    int
	Corrected string // the text of this pass where it is not the one typed
}

// Vocabulary is what a plan needs to know of the words in an index. Words are
// given in lower case, unfolded.
type Vocabulary interface {
	// Known reports whether some document has the word or an inflection of it.
	Known(word string) bool
	// Near returns the indexed words that were probably meant by one that is
	// not known, the likeliest first, or none.
	Near(word string) []string
	// Together reports how many documents have all of the words, about.
	Together(words []string) int
}
