package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// SearchBoosts are what a shop's search prefers as their editor sees them.
type SearchBoosts struct {
	search.Boosts
	Version   int64
	UpdatedAt time.Time // zero: never written
	Mark      ports.Mark
}

// ReadSearchBoosts asks for the boosts.
type ReadSearchBoosts struct {
	By account.Actor
}

// Boosts returns the boosts. Needs search.manage.
func (se *Search) Boosts(ctx context.Context, q ReadSearchBoosts) (SearchBoosts, error) {
	if err := allow(q.By, account.SearchManage); err != nil {
		return SearchBoosts{}, err
	}
	var b search.Boosts
	s, err := se.setting(ctx, search.SettingBoosts, &b)
	return SearchBoosts{Boosts: b, Version: s.Version, UpdatedAt: s.UpdatedAt}, err
}

// ReplaceBoosts asks for the boosts to be as given.
type ReplaceBoosts struct {
	By      account.Actor
	Version int64 // 0: whatever is there
	Boosts  search.Boosts
}

// ReplaceBoosts makes the boosts as given. They are in force here at once, on every
// other server within a second, and no product has to be indexed anew for it.
// Needs search.manage. Invalid as of search.Boosts.Validate; Stale
// (version_conflict).
func (se *Search) ReplaceBoosts(ctx context.Context, cmd ReplaceBoosts) (SearchBoosts, error) {
	if err := allow(cmd.By, account.SearchManage); err != nil {
		return SearchBoosts{}, err
	}
	if err := cmd.Boosts.Validate(); err != nil {
		return SearchBoosts{}, err
	}
	s, mark, err := se.saveSetting(ctx, search.SettingBoosts, cmd.Version, cmd.Boosts)
	return SearchBoosts{Boosts: cmd.Boosts, Version: s.Version, UpdatedAt: s.UpdatedAt, Mark: mark}, err
}
