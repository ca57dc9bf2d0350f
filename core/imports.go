package core

// Imports brings catalogues in and out.
type Imports struct{ s *shared }
