package postgres

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// images keeps what is known of uploaded pictures.
type images struct{ r *realm }

var _ ports.Images = images{}

// AddImage is contracted by ports.Images.
func (is images) AddImage(ctx context.Context, img catalog.Image, at time.Time) (ports.Mark, error) {
	doc := string(img.AppendDocument(nil))
	return is.r.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.Exec(ctx, "INSERT INTO catalog.images (id, image, created_at) VALUES ($1, $2::text::json, $3)", uuid(img.ID.UUID), doc, at)
		return err
	})
}

// ImagesByID is contracted by ports.Images.
func (is images) ImagesByID(ctx context.Context, ids []id.Image) ([]catalog.Image, error) {
	if len(ids) == 0 {
		return []catalog.Image{}, nil
	}
	var found []catalog.Image
	err := is.r.read(ctx, func(q querier) error {
		rows, err := q.Query(ctx, "SELECT image FROM catalog.images WHERE id = ANY($1)", uuids(ids, func(i id.Image) id.UUID { return i.UUID }))
		if err != nil {
			return err
		}
		defer rows.Close()
		found = nil
		for rows.Next() {
			img, err := catalog.ParseImage(rows.RawValues()[0])
			if err != nil {
				return fault.Wrap(fault.Internal, "postgres.ImagesByID", err)
			}
			found = append(found, img)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return inOrder(ids, found, func(img *catalog.Image) id.Image { return img.ID }), nil
}
