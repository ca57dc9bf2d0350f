package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// searchSettings keeps what steers the search.
type searchSettings struct{ r *realm }

var _ ports.SearchSettings = searchSettings{}

// Versions is contracted by ports.SearchSettings.
func (s searchSettings) Versions(ctx context.Context) (map[search.SettingName]int64, error) {
	versions := make(map[search.SettingName]int64)
	for _, name := range search.Settings() {
		versions[name] = search.FirstVersion
	}
	err := s.r.read(ctx, func(q querier) error {
		rows, err := q.Query(ctx, "SELECT name, version FROM catalog.search_settings")
		if err != nil {
			return err
		}
		var name search.SettingName
		var version int64
		_, err = pgx.ForEachRow(rows, []any{&name, &version}, func() error {
			versions[name] = version
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return versions, nil
}

// Setting is contracted by ports.SearchSettings.
func (s searchSettings) Setting(ctx context.Context, name search.SettingName) (search.Setting, error) {
	if !name.Valid() {
		return search.Setting{}, fault.Missing("search_setting")
	}
	found := search.Setting{Name: name, Version: search.FirstVersion}
	err := s.r.read(ctx, func(q querier) error {
		return q.QueryRow(ctx, "SELECT version, body, updated_at FROM catalog.search_settings WHERE name = $1", string(name)).
			Scan(&found.Version, &found.Body, &found.UpdatedAt)
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return search.Setting{}, err
	}
	found.UpdatedAt = found.UpdatedAt.UTC()
	return found, nil
}

// SaveSetting is contracted by ports.SearchSettings.
func (s searchSettings) SaveSetting(ctx context.Context, setting search.Setting) (version int64, mark ports.Mark, err error) {
	if !setting.Name.Valid() {
		return 0, ports.Mark{}, fault.Missing("search_setting")
	}
	mark, err = s.r.write(ctx, func(ctx context.Context, t *tx) error {
		// Writers wait here for one another, the first ones ever too.
		t.queue("LOCK TABLE catalog.search_settings IN SHARE ROW EXCLUSIVE MODE")
		version = search.FirstVersion
		err := t.QueryRow(ctx, "SELECT version FROM catalog.search_settings WHERE name = $1", string(setting.Name)).Scan(&version)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if setting.Version != 0 && setting.Version != version {
			return fault.VersionConflict(version)
		}
		version++
		t.queue(`INSERT INTO catalog.search_settings (name, version, body, updated_at) VALUES ($1, $2, $3::text::json, $4)
			ON CONFLICT (name) DO UPDATE SET version = excluded.version, body = excluded.body, updated_at = excluded.updated_at`,
			string(setting.Name), version, string(setting.Body), setting.UpdatedAt)
		return nil
	})
	return version, mark, err
}
