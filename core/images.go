package core

// Images takes in pictures.
type Images struct{ s *shared }
