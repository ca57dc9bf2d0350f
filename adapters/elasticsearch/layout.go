package elasticsearch

import (
	"context"
	"net/http"
	"time"
)

// layoutVersion counts the layouts there were: it rises with every change of
// indexBody or of what documents hold, and tells programs of an older one from
// those of a newer.
const layoutVersion = 2

// layout is how an index was made: it stands in the mapping of each.
type layout struct {
	Version int
	Locale  string
}

func (e *Engine) layout() layout { return layout{layoutVersion, e.options.Locale} }

// fits reports whether an index of this layout need not be made anew for a
// program of another. While programs of two releases run beside each other the
// newer one decides.
func (l layout) fits(program layout) bool {
	return l.Version > program.Version || l == program
}

// meta is what the mapping of an index says beside its fields; alive is when
// somebody was at work on it.
func (e *Engine) meta(alive time.Time) object {
	l := e.layout()
	m := object{"layout": object{"version": l.Version, "locale": l.Locale}}
	if !alive.IsZero() {
		m["alive"] = alive.Unix()
	}
	return m
}

// layoutOf returns the layout of an index, the zero one if it does not tell.
func (e *Engine) layoutOf(ctx context.Context, index string) (layout, error) {
	var told map[string]struct {
		Mappings struct {
			Meta struct{ Layout layout } `json:"_meta"`
		}
	}
	err := e.call(ctx, e.writes, http.MethodGet, "/"+index+"/_mapping?filter_path=*.mappings._meta", nil, &told)
	return told[index].Mappings.Meta.Layout, err
}

// extend adds to an index the fields that it lacks. That some cannot be added is
// no error: then it refuses this program's documents until it is replaced.
func (e *Engine) extend(ctx context.Context, index string) error {
	mappings, _ := indexBody(e.options.Locale)["mappings"].(object)
	err := e.call(ctx, e.writes, http.MethodPut, "/"+index+"/_mapping", object{"properties": mappings["properties"]}, nil)
	if refusedAs(err, http.StatusBadRequest, "") {
		return nil
	}
	return err
}
