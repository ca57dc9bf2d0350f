package postgres

import "github.com/bodega-commerce/bodega/ports"

// Orders returns the store of stock, carts, orders, payments and idempotency
// keys. What its transactions only write travels with what they read: an error
// of such a write comes from a later call of the transaction or from InTx.
func (db *DB) Orders() ports.OrderStore { return orderStore(db.orders) }

func orderStore(r *realm) ports.OrderStore {
	return ports.OrderStore{
		Tx: transactor[ports.OrderTx]{r, func(t *tx) ports.OrderTx {
			return ports.OrderTx{
				Prices:     priceRuleWriter{t},
				Carts:      cartWriter{t},
				Orders:     orderWriter{t},
				Payments:   paymentWriter{t},
				Events:     eventWriter{t},
				Keys:       keyWriter{t},
				Inbox:      inbox{t},
				Jobs:       outbox{t, r},
				Endpoints:  endpointWriter{t},
				Deliveries: deliveryWriter{t},
				Coupons:    couponWriter{t},
				Stock:      stockWriter{t},
			}
		}},
		Carts:    carts{r},
		Stock:    stock{r},
		Orders:   orderRecords{r},
		History:  orderRecords{r},
		Payments: payments{r},
		Events:   events{r},
		Keys:     keys{r},
		Prices:   priceRules{r},
		Coupons:  coupons{r},
		Webhooks: webhooks{r},
		Queue:    webhooks{r},
		Expired:  expired{r},
		Marks:    marker{r},
	}
}
