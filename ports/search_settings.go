package ports

import (
	"context"

	"github.com/bodega-commerce/bodega/core/search"
)

// SearchSettings keeps the documents that steer the search: search.Settings, and
// no others. They are read on the primary: what decides an editor's version and
// what all servers follow.
type SearchSettings interface {
	// Versions returns the version of every setting, cheaply: it is asked often.
	Versions(ctx context.Context) (map[search.SettingName]int64, error)

	// Setting returns a setting. NotFound for a name that is none.
	Setting(ctx context.Context, name search.SettingName) (search.Setting, error)

	// SaveSetting replaces a setting's body and raises its version by one, which
	// it returns. s.Version is the one it replaces, 0 whatever is there: Stale
	// (version_conflict) when another is. NotFound for a name that is none.
	SaveSetting(ctx context.Context, s search.Setting) (version int64, mark Mark, err error)
}
