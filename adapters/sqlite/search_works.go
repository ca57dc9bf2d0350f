package sqlite

import (
	"context"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// searchWorks keeps what is done to the index.
type searchWorks struct{ db *DB }

var _ ports.SearchWorks = searchWorks{}

func (sw searchWorks) Work(ctx context.Context, name search.WorkName) (w search.Work, err error) {
	err = sw.db.view(ctx, func(s *session) error {
		w, err = s.work(name)
		return err
	})
	return w, err
}

func (s *session) work(name search.WorkName) (search.Work, error) {
	w := search.Work{Name: name}
	err := s.query("SELECT version, holder, until, body FROM search_works WHERE name = ?1", func(r row) error {
		w.Version, w.Holder, w.Until, w.Body = r.int64(0), r.text(1), r.time(2), []byte(r.text(3))
		return nil
	}, string(name))
	return w, err
}

func (sw searchWorks) SaveWork(ctx context.Context, w search.Work) (version int64, err error) {
	_, err = sw.db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		now, err := s.work(w.Name)
		if err != nil {
			return err
		}
		if now.Version != w.Version {
			return fault.VersionConflict(now.Version)
		}
		version = w.Version + 1
		_, err = s.exec(`INSERT INTO search_works (name, version, holder, until, body) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (name) DO UPDATE SET version = ?2, holder = ?3, until = ?4, body = ?5`,
			string(w.Name), version, w.Holder, w.Until, string(w.Body))
		return err
	})
	return version, err
}
