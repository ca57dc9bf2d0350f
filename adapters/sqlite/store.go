package sqlite

import "github.com/bodega-commerce/bodega/ports"

// Catalog returns the store of products and what describes them. Its reads see
// every commit, so they need not look at the mark they are given.
func (db *DB) Catalog() ports.CatalogStore {
	return ports.CatalogStore{
		Tx: transactor[ports.CatalogTx]{db, ports.Catalog, func(s *session) ports.CatalogTx {
			return ports.CatalogTx{
				Products:   productWriter{db, s},
				Slugs:      slugs{s},
				Categories: categoryWriter{db, s},
				Brands:     brandWriter{db, s},
				Attributes: attributeWriter{db, s},
				Versions:   searchVersions{s},
				Jobs:       outbox{s, ports.Catalog, db.queue},
			}
		}},
		Products: products{db},
		Taxonomy: taxonomies{db},
		Records:  records{db},
		Offers:   offers{db},
		Images:   images{db},
		Imports:  imports{db},
		Settings: searchSettings{db},
		Works:    searchWorks{db},
		Tallies:  searchTallies{db},
		Sales:    sales{db},
		Marks:    marker{db, ports.Catalog},
	}
}

// Orders returns the store of stock, carts, orders, payments and idempotency
// keys.
func (db *DB) Orders() ports.OrderStore {
	return ports.OrderStore{
		Tx: transactor[ports.OrderTx]{db, ports.Orders, func(s *session) ports.OrderTx {
			return ports.OrderTx{
				Prices:     priceRuleWriter{s},
				Carts:      cartWriter{db, s},
				Orders:     orderWriter{s},
				Payments:   paymentWriter{s},
				Events:     eventWriter{s},
				Keys:       keyWriter{s},
				Inbox:      inbox{s},
				Jobs:       outbox{s, ports.Orders, db.queue},
				Endpoints:  endpointWriter{s},
				Deliveries: deliveryWriter{s},
				Coupons:    couponWriter{s},
				Stock:      stockWriter{db, s},
			}
		}},
		Carts:    carts{db},
		Stock:    stock{db},
		Orders:   orderRecords{db},
		History:  orderRecords{db},
		Payments: payments{db},
		Events:   events{db},
		Keys:     keys{db},
		Prices:   priceRules{db},
		Coupons:  coupons{db},
		Webhooks: webhooks{db},
		Queue:    webhooks{db},
		Expired:  expired{db},
		Marks:    marker{db, ports.Orders},
	}
}

// Identity returns the store of accounts and sessions.
func (db *DB) Identity() ports.IdentityStore {
	return ports.IdentityStore{
		Tx: transactor[ports.IdentityTx]{db, ports.Identity, func(s *session) ports.IdentityTx {
			return ports.IdentityTx{Jobs: outbox{s, ports.Identity, db.queue}}
		}},
		Marks: marker{db, ports.Identity},
	}
}
