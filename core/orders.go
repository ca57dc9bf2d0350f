package core

// Orders sees orders through.
type Orders struct{ s *shared }
