package core

import (
	"context"
	"encoding/json"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
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

// setting reads a setting into what its body holds. One that was never written
// leaves that as it is.
func (se *Search) setting(ctx context.Context, name search.SettingName, into any) (search.Setting, error) {
	s, err := se.s.Catalog.Settings.Setting(ctx, name)
	if err != nil || len(s.Body) == 0 {
		return s, err
	}
	if err := json.Unmarshal(s.Body, into); err != nil {
		return s, fault.Wrap(fault.Internal, "core: search setting", err)
	}
	return s, nil
}

func (se *Search) saveSetting(ctx context.Context, name search.SettingName, version int64, body any) (search.Setting, ports.Mark, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return search.Setting{}, ports.Mark{}, fault.Wrap(fault.Internal, "core: search setting", err)
	}
	s := search.Setting{Name: name, Version: version, Body: text, UpdatedAt: se.s.Now()}
	var mark ports.Mark
	if s.Version, mark, err = se.s.Catalog.Settings.SaveSetting(ctx, s); err != nil {
		return search.Setting{}, ports.Mark{}, err
	}
	se.steering.refresh(ctx, se)
	return s, mark, nil
}

// noSettings stands where a store keeps none.
type noSettings struct{}

func (noSettings) Versions(context.Context) (map[search.SettingName]int64, error) {
	return make(map[search.SettingName]int64), nil
}

func (noSettings) Setting(context.Context, search.SettingName) (search.Setting, error) {
	return search.Setting{}, fault.Missing("search_setting")
}

func (noSettings) SaveSetting(context.Context, search.Setting) (int64, ports.Mark, error) {
	return 0, ports.Mark{}, fault.Missing("search_setting")
}
