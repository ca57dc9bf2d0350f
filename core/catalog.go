package core

// Catalog keeps products and what describes them.
type Catalog struct{ s *shared }
