package core

import (
	"context"
	"encoding/json"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

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
