package core

// Payments follows the money.
type Payments struct{ s *shared }
