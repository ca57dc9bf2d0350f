package core

// Checkout turns a cart into an order, once.
type Checkout struct{ s *shared }
