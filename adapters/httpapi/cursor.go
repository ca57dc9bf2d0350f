package httpapi

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"

	"github.com/bodega-commerce/bodega/core/id"
)

const (
	cursorVersion = 1
	maxCursor     = 1024 // characters
)

// encodeCursor makes an opaque cursor of where a list has got to. The scope
// names the list, its order and its filters: a cursor of another scope is
// refused instead of skipping things silently.
func encodeCursor(scope string, position ...string) string {
	b := binary.BigEndian.AppendUint32([]byte{cursorVersion}, scopeHash(scope))
	for _, v := range position {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// decodeCursor returns the n values of a cursor of this scope; nil for the
// empty cursor, which begins. Malformed and foreign ones are 422.
func decodeCursor(scope, cursor string, n int) ([]string, error) {
	if cursor == "" {
		return nil, nil
	}
	refused := invalid(FieldError{"query.cursor", "pattern", "is not a cursor of this list"})
	if len(cursor) > maxCursor {
		return nil, refused
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) < 5 || b[0] != cursorVersion || binary.BigEndian.Uint32(b[1:]) != scopeHash(scope) {
		return nil, refused
	}
	b = b[5:]
	position := make([]string, 0, n)
	for len(b) > 0 && len(position) < n {
		size, w := binary.Uvarint(b)
		if w <= 0 || size > uint64(len(b)-w) {
			return nil, refused
		}
		position = append(position, string(b[w:w+int(size)]))
		b = b[w+int(size):]
	}
	if len(b) > 0 || len(position) != n {
		return nil, refused
	}
	return position, nil
}

func scopeHash(scope string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(scope)) // a hash.Hash never fails
	return h.Sum32()
}

// uuidCursor reads the cursor of a list that is walked by id; zero begins.
func uuidCursor(scope, cursor string) (id.UUID, error) {
	position, err := decodeCursor(scope, cursor, 1)
	if err != nil || position == nil {
		return id.UUID{}, err
	}
	u, ok := id.Parse(position[0])
	if !ok {
		return id.UUID{}, invalid(FieldError{"query.cursor", "pattern", "is not a cursor of this list"})
	}
	return u, nil
}

// nextCursor points behind an id; null for the zero id, which ends a list.
func nextCursor(scope string, last id.UUID) *string {
	if last.IsZero() {
		return nil
	}
	next := encodeCursor(scope, last.String())
	return &next
}
