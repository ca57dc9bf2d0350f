package core

// Inventory counts stock.
type Inventory struct{ s *shared }
