package core

// Search finds products, and keeps the index in step with the store.
type Search struct{ s *shared }
