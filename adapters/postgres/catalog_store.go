package postgres

import "github.com/bodega-commerce/bodega/ports"

// Catalog returns the store of products and what describes them.
func (db *DB) Catalog() ports.CatalogStore { return catalogStore(db.catalog) }

func catalogStore(r *realm) ports.CatalogStore {
	return ports.CatalogStore{
		Tx: transactor[ports.CatalogTx]{r, func(t *tx) ports.CatalogTx {
			return ports.CatalogTx{
				Products:   productWriter{t},
				Slugs:      slugs{t},
				Categories: categoryWriter{t},
				Brands:     brandWriter{t},
				Attributes: attributeWriter{t},
				Versions:   searchVersions{t},
				Jobs:       outbox{t, r},
			}
		}},
		Products: products{r},
		Taxonomy: &taxonomies{r: r},
		Records:  records{r},
		Offers:   offers{r},
		Images:   images{r},
		Imports:  imports{r},
		Settings: searchSettings{r},
		Works:    searchWorks{r},
		Tallies:  searchTallies{r},
		Sales:    sales{r},
		Marks:    marker{r},
	}
}
