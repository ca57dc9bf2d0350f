package core

// Carts fills baskets.
type Carts struct{ s *shared }
