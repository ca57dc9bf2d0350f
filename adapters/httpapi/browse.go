package httpapi

import (
	"slices"
	"strconv"
	"strings"
)

// Browse is what operators' lists of few things ask. They are read whole and
// walked here. It is exported because huma does not look into embedded types
// that are not.
type Browse struct {
	Q      string `query:"q" maxLength:"200" doc:"part of a name or a slug"`
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"100"`
	Count  bool   `query:"count"`
}

// named is how something is found, sorted and remembered in a list.
type named struct{ ID, Slug, Name string }

// browse returns the stretch of a list that was asked for. sort is name, -name,
// or anything else for the order it is in. A cursor goes on behind what it
// names, or where that was if it is gone.
func browse[T any](kind string, in Browse, sort string, all []T, tell func(*T) named) (CursorPage[T], error) {
	scope := strings.Join([]string{kind, sort, in.Q}, "\x00")
	at, err := decodeCursor(scope, in.Cursor, 2)
	if err != nil {
		return CursorPage[T]{}, err
	}
	if part := strings.ToLower(in.Q); part != "" {
		all = slices.DeleteFunc(all, func(v T) bool {
			n := tell(&v)
			return !strings.Contains(strings.ToLower(n.Name), part) && !strings.Contains(n.Slug, part)
		})
	}
	if column, descending := strings.CutPrefix(sort, "-"); column == "name" {
		slices.SortFunc(all, func(a, b T) int {
			x, y := tell(&a), tell(&b)
			if descending {
				x, y = y, x
			}
			return slices.Compare([]string{strings.ToLower(x.Name), x.ID}, []string{strings.ToLower(y.Name), y.ID})
		})
	}
	begin := 0
	if at != nil {
		begin, _ = strconv.Atoi(at[1]) // it is ours
		if i := slices.IndexFunc(all, func(v T) bool { return tell(&v).ID == at[0] }); i >= 0 {
			begin = i + 1
		}
	}
	begin = min(max(begin, 0), len(all))
	end := min(begin+in.Limit, len(all))
	out := CursorPage[T]{Items: all[begin:end]}
	if end < len(all) {
		next := encodeCursor(scope, tell(&all[end-1]).ID, strconv.Itoa(end-1))
		out.NextCursor = &next
	}
	if in.Count {
		total := len(all)
		out.Total = &total
	}
	return out, nil
}
