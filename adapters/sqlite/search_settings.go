package sqlite

import (
	"context"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// searchSettings keeps what steers the search.
type searchSettings struct{ db *DB }

var _ ports.SearchSettings = searchSettings{}

func (ss searchSettings) Versions(ctx context.Context) (map[search.SettingName]int64, error) {
	versions := make(map[search.SettingName]int64)
	for _, name := range search.Settings() {
		versions[name] = search.FirstVersion
	}
	err := ss.db.view(ctx, func(s *session) error {
		return s.query("SELECT name, version FROM search_settings", func(r row) error {
			versions[search.SettingName(r.text(0))] = r.int64(1)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return versions, nil
}

func (ss searchSettings) Setting(ctx context.Context, name search.SettingName) (search.Setting, error) {
	if !name.Valid() {
		return search.Setting{}, fault.Missing("search_setting")
	}
	found := search.Setting{Name: name, Version: search.FirstVersion}
	err := ss.db.view(ctx, func(s *session) error {
		return s.query("SELECT version, body, updated_at FROM search_settings WHERE name = ?1", func(r row) error {
			found.Version, found.Body, found.UpdatedAt = r.int64(0), []byte(r.text(1)), r.time(2)
			return nil
		}, string(name))
	})
	if err != nil {
		return search.Setting{}, err
	}
	return found, nil
}

func (ss searchSettings) SaveSetting(ctx context.Context, setting search.Setting) (version int64, mark ports.Mark, err error) {
	if !setting.Name.Valid() {
		return 0, ports.Mark{}, fault.Missing("search_setting")
	}
	mark, err = ss.db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		version = search.FirstVersion
		if err := s.query("SELECT version FROM search_settings WHERE name = ?1", func(r row) error {
			version = r.int64(0)
			return nil
		}, string(setting.Name)); err != nil {
			return err
		}
		if setting.Version != 0 && setting.Version != version {
			return fault.VersionConflict(version)
		}
		version++
		_, err := s.exec(`INSERT INTO search_settings (name, version, body, updated_at) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (name) DO UPDATE SET version = ?2, body = ?3, updated_at = ?4`,
			string(setting.Name), version, string(setting.Body), setting.UpdatedAt.UnixMicro())
		return err
	})
	return version, mark, err
}
