package core

// Keys remembers what was asked and answered.
type Keys struct{ s *shared }
