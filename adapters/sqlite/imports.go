package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// images keeps what is known of uploaded pictures.
type images struct{ db *DB }

var _ ports.Images = images{}

func (is images) AddImage(ctx context.Context, img catalog.Image, at time.Time) (ports.Mark, error) {
	text, err := encode(img)
	if err != nil {
		return ports.Mark{}, err
	}
	return is.db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		_, err := s.exec("INSERT INTO images (id, image, created_at) VALUES (?1, ?2, ?3)", img.ID.UUID[:], text, at.UnixMicro())
		if taken(err) {
			return fault.Duplicate("id")
		}
		return err
	})
}

func (is images) ImagesByID(ctx context.Context, ids []id.Image) ([]catalog.Image, error) {
	found := make([]catalog.Image, 0, len(ids))
	err := is.db.snapshot(ctx, func(s *session) error {
		for _, i := range ids {
			if err := s.query("SELECT image FROM images WHERE id = ?1", func(r row) error {
				var img catalog.Image
				err := r.json(0, &img)
				found = append(found, img)
				return err
			}, i.UUID[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// imports keeps the reports of catalogue imports.
type imports struct{ db *DB }

var _ ports.Imports = imports{}

func (is imports) SaveImport(ctx context.Context, r feed.Report) error {
	r.Errors, r.ErrorsTruncated = nil, false // they are in a table of their own
	text, err := encode(r)
	if err != nil {
		return err
	}
	_, err = is.db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		_, err := s.exec("INSERT INTO imports (id, report) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET report = ?2", r.ID.UUID[:], text)
		return err
	})
	return err
}

func (is imports) AddRejects(ctx context.Context, im id.Import, rejects []feed.Reject) error {
	_, err := is.db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		for _, r := range rejects {
			_, err := s.exec("INSERT INTO import_rejects (import, line, sku, code, message) VALUES (?1, ?2, ?3, ?4, ?5)",
				im.UUID[:], r.Line, r.SKU, r.Code, r.Message)
			if sqlite.ErrCode(err) == sqlite.ResultConstraintForeignKey {
				return fault.Missing("import")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func (is imports) Import(ctx context.Context, im id.Import) (feed.Report, error) {
	var report feed.Report
	found := false
	err := is.db.snapshot(ctx, func(s *session) (err error) {
		found, err = s.first("SELECT report FROM imports WHERE id = ?1", func(r row) error { return r.json(0, &report) }, im.UUID[:])
		if err != nil || !found {
			return err
		}
		report.Errors, err = s.rejects(im, 0, feed.ReportedRejects+1)
		return err
	})
	switch {
	case err != nil:
		return feed.Report{}, err
	case !found:
		return feed.Report{}, fault.Missing("import")
	}
	if len(report.Errors) > feed.ReportedRejects {
		report.Errors, report.ErrorsTruncated = report.Errors[:feed.ReportedRejects:feed.ReportedRejects], true
	}
	if report.Notes == nil {
		report.Notes = []string{}
	}
	return report, nil
}

func (is imports) Rejects(ctx context.Context, im id.Import, afterLine, limit int) (rejects []feed.Reject, err error) {
	err = is.db.view(ctx, func(s *session) error {
		rejects, err = s.rejects(im, afterLine, limit)
		return err
	})
	return rejects, err
}

func (s *session) rejects(im id.Import, afterLine, limit int) ([]feed.Reject, error) {
	found := []feed.Reject{}
	err := s.query("SELECT line, sku, code, message FROM import_rejects WHERE import = ?1 AND line > ?2 ORDER BY line, seq LIMIT ?3", func(r row) error {
		found = append(found, feed.Reject{Line: r.int(0), SKU: r.text(1), Code: r.text(2), Message: r.text(3)})
		return nil
	}, im.UUID[:], afterLine, limit)
	return found, err
}
