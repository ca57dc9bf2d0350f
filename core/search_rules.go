package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// SearchRules are a shop's rules for queries as their editor sees them.
type SearchRules struct {
	Rules     []search.Rule
	Version   int64
	UpdatedAt time.Time // zero: never written
	Mark      ports.Mark
}

// ReadSearchRules asks for the rules for queries.
type ReadSearchRules struct {
	By account.Actor
}

// Rules returns the rules. Needs search.manage.
func (se *Search) Rules(ctx context.Context, q ReadSearchRules) (SearchRules, error) {
	if err := allow(q.By, account.SearchManage); err != nil {
		return SearchRules{}, err
	}
	var rules []search.Rule
	s, err := se.setting(ctx, search.SettingRules, &rules)
	return SearchRules{Rules: rules, Version: s.Version, UpdatedAt: s.UpdatedAt}, err
}

// ReplaceRules asks for the rules to be as given.
type ReplaceRules struct {
	By      account.Actor
	Version int64 // 0: whatever is there
	Rules   []search.Rule
}

// ReplaceRules makes the rules as given. They are in force here at once, on
// every other server within a second, and no product has to be indexed anew for
// it. Needs search.manage. Invalid as of search.NewRules; Stale
// (version_conflict).
func (se *Search) ReplaceRules(ctx context.Context, cmd ReplaceRules) (SearchRules, error) {
	if err := allow(cmd.By, account.SearchManage); err != nil {
		return SearchRules{}, err
	}
	if _, err := search.NewRules(cmd.Rules); err != nil {
		return SearchRules{}, err
	}
	s, mark, err := se.saveSetting(ctx, search.SettingRules, cmd.Version, cmd.Rules)
	return SearchRules{Rules: cmd.Rules, Version: s.Version, UpdatedAt: s.UpdatedAt, Mark: mark}, err
}
