package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// SynonymRules are a shop's synonyms as their editor sees them.
type SynonymRules struct {
	Rules     []search.SynonymRule
	Version   int64
	UpdatedAt time.Time // zero: never written
	Mark      ports.Mark
}

// ReadSynonyms asks for the synonyms.
type ReadSynonyms struct {
	By account.Actor
}

// Synonyms returns the synonyms. Needs search.manage.
func (se *Search) Synonyms(ctx context.Context, q ReadSynonyms) (SynonymRules, error) {
	if err := allow(q.By, account.SearchManage); err != nil {
		return SynonymRules{}, err
	}
	var rules []search.SynonymRule
	s, err := se.setting(ctx, search.SettingSynonyms, &rules)
	return SynonymRules{Rules: rules, Version: s.Version, UpdatedAt: s.UpdatedAt}, err
}

// ReplaceSynonyms asks for the synonyms to be as given.
type ReplaceSynonyms struct {
	By      account.Actor
	Version int64 // 0: whatever is there
	Rules   []search.SynonymRule
}

// ReplaceSynonyms makes the synonyms as given. They are in force here at once, on
// every other server within a second, and no product has to be indexed anew for
// it. Needs search.manage. Invalid as of search.NewSynonyms; Stale
// (version_conflict).
func (se *Search) ReplaceSynonyms(ctx context.Context, cmd ReplaceSynonyms) (SynonymRules, error) {
	if err := allow(cmd.By, account.SearchManage); err != nil {
		return SynonymRules{}, err
	}
	if _, err := search.NewSynonyms(cmd.Rules); err != nil {
		return SynonymRules{}, err
	}
	s, mark, err := se.saveSetting(ctx, search.SettingSynonyms, cmd.Version, cmd.Rules)
	return SynonymRules{Rules: cmd.Rules, Version: s.Version, UpdatedAt: s.UpdatedAt, Mark: mark}, err
}
