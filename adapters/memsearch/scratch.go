package memsearch

// scratch is the working memory of one query, kept for the next one. Arrays
// over documents, products and values are cleared through lists of what was
// touched, so a query costs what it finds and not what there is.
type scratch struct {
	spare      []*list
	counts     []uint16
	nextCounts []uint16
	terms      []uint32
	docs       []uint32

	collector collector
}

func (s *scratch) list() *list {
	if n := len(s.spare); n > 0 {
		l := s.spare[n-1]
		s.spare = s.spare[:n-1]
		l.reset()
		return l
	}
	return &list{}
}

func (s *scratch) free(l *list) { s.spare = append(s.spare, l) }
