package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bodega-commerce/bodega/core/fault"
)

// catalogConstraint says what breaking a constraint of the catalogue means.
// SKUs and slugs are told apart by what the statements answer, without an error.
func catalogConstraint(name string) *fault.Error {
	switch name {
	case "products_category":
		return fault.InvalidField("category_id", "unknown_reference", "is not there")
	case "products_brand":
		return fault.InvalidField("brand_id", "unknown_reference", "is not there")
	case "attribute_definitions_category":
		return fault.Missing("category")
	case "categories_parent":
		return fault.InvalidField("parent_id", "unknown_reference", "is not there")
	case "images_id":
		return fault.Duplicate("id")
	case "import_rejects_import":
		return fault.Missing("import")
	}
	return nil
}

// refersTo reports whether an error is that of a foreign key: somebody still
// needs what was to go.
func refersTo(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23503"
}
