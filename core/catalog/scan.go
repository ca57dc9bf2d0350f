package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/bodega-commerce/bodega/core/id"
)

// scanner reads JSON that document wrote. It is several times faster than
// encoding/json because the caller says what comes next and nothing is looked
// up by reflection; lists of products spend most of their time here. It reads
// any valid JSON; of invalid JSON it may accept some, but never fails to end.
// The first error sticks and makes every later call return nothing.
type scanner struct {
	b      []byte
	copied string // of b, which texts are parts of; "": each is a copy of its own
	i      int
	plain  int // where in b the string begins that was read last; -1: it had escapes
	err    error
}

var errDocument = errors.New("a stored document is not as it was written")

func (s *scanner) fail() {
	s.err = errDocument
	s.i = len(s.b)
}

// next skips white space and returns the byte there; 0 at the end.
func (s *scanner) next() byte {
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take steps over c if it is next.
func (s *scanner) take(c byte) bool {
	if s.next() != c || s.i >= len(s.b) {
		return false
	}
	s.i++
	return true
}

// object calls member with each name; member reads or skips the value. The name
// is valid until member moves on.
func (s *scanner) object(member func(name []byte)) {
	if !s.take('{') {
		s.fail()
		return
	}
	for first := true; !s.take('}'); first = false {
		if !first && !s.take(',') {
			s.fail()
			return
		}
		name := s.quoted()
		if !s.take(':') {
			s.fail()
			return
		}
		member(name)
		if s.err != nil {
			return
		}
	}
}

// array calls element before each element, which element reads or skips.
func (s *scanner) array(element func()) {
	if !s.take('[') {
		s.fail()
		return
	}
	for first := true; !s.take(']'); first = false {
		if !first && !s.take(',') {
			s.fail()
			return
		}
		element()
		if s.err != nil {
			return
		}
	}
}

// quoted returns the content of a string, a part of the document if nothing in
// it is escaped.
func (s *scanner) quoted() []byte {
	if !s.take('"') {
		s.fail()
		return nil
	}
	rest := s.b[s.i:]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		s.fail()
		return nil
	}
	if bytes.IndexByte(rest[:end], '\\') < 0 {
		s.plain = s.i
		s.i += end + 1
		return rest[:end]
	}
	for end = 0; end < len(rest) && rest[end] != '"'; end++ {
		if rest[end] == '\\' {
			end++
		}
	}
	if end >= len(rest) {
		s.fail()
		return nil
	}
	var text string
	if json.Unmarshal(s.b[s.i-1:s.i+end+1], &text) != nil {
		s.fail()
		return nil
	}
	s.i += end + 1
	s.plain = -1
	return []byte(text)
}

func (s *scanner) text() string { return s.string(s.quoted()) }

// string returns what quoted returned last.
func (s *scanner) string(q []byte) string {
	if s.copied == "" || s.plain < 0 {
		return string(q)
	}
	return s.copied[s.plain : s.plain+len(q)]
}

func (s *scanner) uuid() id.UUID {
	u, ok := id.Parse(string(s.quoted()))
	if !ok {
		s.fail()
	}
	return u
}

// number returns the bytes of a number.
func (s *scanner) number() []byte {
	s.next()
	start := s.i
	for ; s.i < len(s.b); s.i++ {
		if c := s.b[s.i]; (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			break
		}
	}
	return s.b[start:s.i]
}

func (s *scanner) int() int64 {
	n, err := strconv.ParseInt(string(s.number()), 10, 64)
	if err != nil {
		s.fail()
	}
	return n
}

func (s *scanner) float() float64 {
	n, err := strconv.ParseFloat(string(s.number()), 64)
	if err != nil {
		s.fail()
	}
	return n
}

// bool reads true or false.
func (s *scanner) bool() bool {
	switch {
	case s.word("true"):
		return true
	case !s.word("false"):
		s.fail()
	}
	return false
}

func (s *scanner) word(w string) bool {
	s.next()
	if len(s.b)-s.i < len(w) || string(s.b[s.i:s.i+len(w)]) != w {
		return false
	}
	s.i += len(w)
	return true
}

// skip steps over any value.
func (s *scanner) skip() {
	for depth := 0; s.err == nil; {
		switch s.next() {
		case '{', '[':
			depth++
			s.i++
		case '}', ']':
			depth--
			s.i++
		case '"':
			s.quoted()
		case ',', ':':
			s.i++
			continue
		case 't', 'f':
			s.bool()
		case 'n':
			if !s.word("null") {
				s.fail()
			}
		default:
			if len(s.number()) == 0 {
				s.fail()
			}
		}
		if depth == 0 {
			return
		}
		if depth < 0 {
			s.fail()
		}
	}
}

// end fails unless the document ends here.
func (s *scanner) end() error {
	if s.err == nil && (s.next() != 0 || s.i < len(s.b)) {
		s.fail()
	}
	return s.err
}

// appendText appends a JSON string. Bytes that are not UTF-8 pass as they are.
func appendText(b []byte, text string) []byte {
	b = append(b, '"')
	from := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, text[from:i]...)
		if from = i + 1; c < ' ' {
			b = append(b, '\\', 'u', '0', '0', '0'+c>>4, "0123456789abcdef"[c&15])
		} else {
			b = append(b, '\\', c)
		}
	}
	b = append(b, text[from:]...)
	return append(b, '"')
}
