package inventory

// Browse is what an operator's list of levels may ask; zero members ask nothing.
type Browse struct {
	Below       int    // less than this available
	Query       string // the beginning of a SKU, ignoring case
	ByAvailable bool   // sorted by what is available, then by SKU bytes; else by SKU bytes
	Descending  bool
	After       *Level // the last level that was seen; nil: none
	Limit       int    // 1..100
	Count       bool   // also count all
}
