package core

// Catalog keeps products and what describes them. What shoppers see is read
// from wherever it is quickest; what operators see and every write is the
// primary's.
type Catalog struct{ s *shared }
