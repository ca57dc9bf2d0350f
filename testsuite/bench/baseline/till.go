package baseline

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// The tables a till cannot do without: goods with their stock, carts, orders
// with their lines, payments, keys that make a checkout happen once, the ledger
// of stock, and the jobs that an order leaves behind.
const tillSchema = `
CREATE TABLE variants (sku TEXT PRIMARY KEY, title TEXT NOT NULL, price INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE stock (sku TEXT PRIMARY KEY, on_hand INTEGER NOT NULL, reserved INTEGER NOT NULL,
	CHECK (0 <= reserved AND reserved <= on_hand)) STRICT, WITHOUT ROWID;
CREATE TABLE carts (id BLOB PRIMARY KEY, token BLOB NOT NULL, status TEXT NOT NULL, lines TEXT NOT NULL, version INTEGER NOT NULL,
	order_id BLOB, expires_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT;
CREATE TABLE orders (id BLOB PRIMARY KEY, number TEXT NOT NULL UNIQUE, cart_id BLOB NOT NULL UNIQUE, email TEXT NOT NULL, status TEXT NOT NULL,
	subtotal INTEGER NOT NULL, tax INTEGER NOT NULL, total INTEGER NOT NULL, addresses TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
CREATE TABLE order_lines (order_id BLOB NOT NULL, position INTEGER NOT NULL, sku TEXT NOT NULL, title TEXT NOT NULL, quantity INTEGER NOT NULL,
	unit_price INTEGER NOT NULL, tax INTEGER NOT NULL, total INTEGER NOT NULL, PRIMARY KEY (order_id, position)) STRICT, WITHOUT ROWID;
CREATE TABLE payments (id BLOB PRIMARY KEY, order_id BLOB NOT NULL UNIQUE, reference TEXT NOT NULL UNIQUE, status TEXT NOT NULL,
	amount INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE keys (owner BLOB NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, order_id BLOB NOT NULL, outcome TEXT NOT NULL,
	created_at INTEGER NOT NULL, PRIMARY KEY (owner, key)) STRICT, WITHOUT ROWID;
CREATE TABLE movements (id BLOB PRIMARY KEY, sku TEXT NOT NULL, delta INTEGER NOT NULL, reference BLOB NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE jobs (id BLOB PRIMARY KEY, task TEXT NOT NULL, payload TEXT NOT NULL, available_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_due ON jobs (task, available_at);
`

const addresses = `{"ship_to":{"first_name":"Ada","last_name":"Tester","line1":"Teststraße 1","city":"Berlin","postal_code":"10115","country":"DE"},` +
	`"bill_to":{"first_name":"Ada","last_name":"Tester","line1":"Teststraße 1","city":"Berlin","postal_code":"10115","country":"DE"}}`

// Till is a loop around one connection. It is used by one goroutine.
type Till struct {
	conn *sqlite.Conn
	made uint64
}

// Purchase is somebody who buys one each of some SKUs.
type Purchase struct {
	SKUs []string
	cart [16]byte
}

type tillLine struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
	Price    int64  `json:"price"`
}

// OpenTill makes a store at path with a million of each SKU.
func OpenTill(path string, skus []string) (*Till, error) {
	conn, err := open(path)
	if err != nil {
		return nil, err
	}
	t := &Till{conn: conn}
	err = sqlitex.ExecuteScript(conn, tillSchema, nil)
	for i, sku := range skus {
		err = errors.Join(err,
			t.exec("INSERT INTO variants VALUES (?1, ?2, ?3)", sku, "Something with a name "+sku, int64(500+i)),
			t.exec("INSERT INTO stock VALUES (?1, 1000000, 0)", sku))
	}
	return t, err
}

// open opens a file as durably as the shop does.
func open(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return nil, err
	}
	err = sqlitex.ExecuteTransient(conn, "PRAGMA journal_mode = WAL", nil)
	for _, pragma := range []string{"synchronous = FULL", "foreign_keys = ON", "cache_size = -16000", "temp_store = MEMORY", "mmap_size = 268435456", "wal_autocheckpoint = 4000"} {
		err = errors.Join(err, sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil))
	}
	return conn, err
}

// Close closes the file.
func (t *Till) Close() error { return t.conn.Close() }

// Carts stores a full cart for each purchase, all at once.
func (t *Till) Carts(all []Purchase) error {
	return t.transaction(func() error {
		for i := range all {
			lines := make([]tillLine, len(all[i].SKUs))
			for j, sku := range all[i].SKUs {
				price, err := t.price(sku)
				if err != nil {
					return err
				}
				lines[j] = tillLine{sku, 1, price}
			}
			if err := t.open(&all[i]); err != nil {
				return err
			}
			if err := t.saveLines(&all[i], lines); err != nil {
				return err
			}
		}
		return nil
	})
}

// Session is all that one shopper does: a cart, its lines, what they cost, the
// order. Every step is a transaction of its own, because its answer is waited for.
func (t *Till) Session(p Purchase) error {
	if err := t.transaction(func() error { return t.open(&p) }); err != nil {
		return err
	}
	for _, sku := range p.SKUs {
		if err := t.transaction(func() error { return t.put(&p, sku) }); err != nil {
			return err
		}
	}
	lines, err := t.lines(&p)
	if err != nil {
		return err
	}
	for _, l := range lines { // what it costs now is only read
		if _, err := t.price(l.SKU); err != nil {
			return err
		}
	}
	return t.Place(p)
}

// Place orders and pays the cart of each purchase, all in one transaction.
func (t *Till) Place(purchases ...Purchase) error {
	return t.transaction(func() error {
		for i := range purchases {
			if err := t.place(&purchases[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *Till) transaction(fn func() error) error {
	if err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return errors.Join(err, t.exec("ROLLBACK"))
	}
	return t.exec("COMMIT")
}

// open stores an empty cart.
func (t *Till) open(p *Purchase) error {
	p.cart = t.id()
	now := time.Now().UnixMicro()
	return t.exec("INSERT INTO carts VALUES (?1, ?2, 'open', '[]', 1, NULL, ?3, ?4)", p.cart[:], p.cart[:], now+3600e6, now)
}

// put puts a SKU into a cart if there is enough of it.
func (t *Till) put(p *Purchase, sku string) error {
	lines, err := t.lines(p)
	if err != nil {
		return err
	}
	price, err := t.price(sku)
	if err != nil {
		return err
	}
	available := int64(0)
	if err := t.query("SELECT on_hand - reserved FROM stock WHERE sku = ?1", func(s *sqlite.Stmt) { available = s.ColumnInt64(0) }, sku); err != nil {
		return err
	}
	if available < 1 {
		return fmt.Errorf("%s is out of stock", sku)
	}
	return t.saveLines(p, append(lines, tillLine{sku, 1, price}))
}

func (t *Till) lines(p *Purchase) (lines []tillLine, err error) {
	var text string
	if err := t.query("SELECT lines FROM carts WHERE id = ?1 AND status = 'open'", func(s *sqlite.Stmt) { text = s.ColumnText(0) }, p.cart[:]); err != nil {
		return nil, err
	}
	return lines, json.Unmarshal([]byte(text), &lines)
}

func (t *Till) saveLines(p *Purchase, lines []tillLine) error {
	text, err := json.Marshal(lines)
	if err != nil {
		return err
	}
	return t.exec("UPDATE carts SET lines = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1", p.cart[:], string(text), time.Now().UnixMicro())
}

func (t *Till) price(sku string) (price int64, err error) {
	err = t.query("SELECT price FROM variants WHERE sku = ?1", func(s *sqlite.Stmt) { price = s.ColumnInt64(0) }, sku)
	if err == nil && price == 0 {
		err = fmt.Errorf("%s is not sold", sku)
	}
	return price, err
}

// place leaves behind what a paid checkout does: the cart is ordered, the order
// is confirmed with its lines, the payment is authorized, the stock is sold and
// booked, the key knows its answer, and a mail and a capture wait as jobs.
func (t *Till) place(p *Purchase) error {
	lines, err := t.lines(p)
	if err != nil {
		return err
	}
	order, payment, now := t.id(), t.id(), time.Now().UnixMicro()
	var total int64
	titles := make([]string, len(lines))
	for i := range lines {
		l := &lines[i]
		l.Price = 0
		if err := t.query("SELECT price, title FROM variants WHERE sku = ?1", func(s *sqlite.Stmt) { l.Price, titles[i] = s.ColumnInt64(0), s.ColumnText(1) }, l.SKU); err != nil {
			return err
		}
		total += l.Price * l.Quantity
	}
	tax := total * 19 / 119
	number := rand.Text()
	if err := t.exec("INSERT INTO orders VALUES (?1, ?2, ?3, 'ada@example.com', 'confirmed', ?4, ?5, ?6, ?7, ?8)",
		order[:], number, p.cart[:], total, tax, total, addresses, now); err != nil {
		return err
	}
	for i, l := range lines {
		if err := t.exec("INSERT INTO order_lines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			order[:], int64(i), l.SKU, titles[i], l.Quantity, l.Price, l.Price*19/119, l.Price*l.Quantity); err != nil {
			return err
		}
		if err := t.exec("UPDATE stock SET on_hand = on_hand - ?2 WHERE sku = ?1 AND on_hand - reserved >= ?2", l.SKU, l.Quantity); err != nil {
			return err
		}
		if t.conn.Changes() != 1 {
			return fmt.Errorf("%s is out of stock", l.SKU)
		}
		movement := t.id()
		if err := t.exec("INSERT INTO movements VALUES (?1, ?2, ?3, ?4, ?5)", movement[:], l.SKU, -l.Quantity, order[:], now); err != nil {
			return err
		}
	}
	outcome, err := json.Marshal(map[string]any{"order": number, "total": total, "lines": lines, "addresses": json.RawMessage(addresses)})
	if err != nil {
		return err
	}
	mail, capture := t.id(), t.id()
	return errors.Join(
		t.exec("UPDATE carts SET status = 'ordered', order_id = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1", p.cart[:], order[:], now),
		t.exec("INSERT INTO payments VALUES (?1, ?2, ?3, 'authorized', ?4)", payment[:], order[:], "ref_"+number, total),
		t.exec("INSERT INTO keys VALUES (?1, ?2, ?3, ?4, ?5, ?6)", p.cart[:], number, order[:], order[:], string(outcome), now),
		t.exec("INSERT INTO jobs VALUES (?1, 'email.send_order_confirmation', ?2, ?3)", mail[:], `{"order":"`+number+`"}`, now),
		t.exec("INSERT INTO jobs VALUES (?1, 'payment.capture', ?2, ?3)", capture[:], `{"order":"`+number+`"}`, now),
	)
}

// Orders returns how many confirmed orders there are, and units sold.
func (t *Till) Orders() (orders, units int64, err error) {
	err = t.query("SELECT (SELECT count(*) FROM orders WHERE status = 'confirmed'), (SELECT -sum(delta) FROM movements)",
		func(s *sqlite.Stmt) { orders, units = s.ColumnInt64(0), s.ColumnInt64(1) })
	return orders, units, err
}

// id returns an id that is higher than all before it.
func (t *Till) id() (id [16]byte) {
	t.made++
	binary.BigEndian.PutUint64(id[:8], uint64(time.Now().UnixMilli()))
	binary.BigEndian.PutUint64(id[8:], t.made)
	return id
}

func (t *Till) exec(sql string, args ...any) error {
	return t.query(sql, func(*sqlite.Stmt) {}, args...)
}

func (t *Till) query(sql string, row func(*sqlite.Stmt), args ...any) error {
	return query(t.conn, sql, row, args...)
}

// query runs a statement, which is compiled once.
func query(conn *sqlite.Conn, sql string, row func(*sqlite.Stmt), args ...any) error {
	s, err := conn.Prepare(sql)
	if err != nil {
		return err
	}
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			s.BindText(i+1, v)
		case []byte:
			s.BindBytes(i+1, v)
		case int64:
			s.BindInt64(i+1, v)
		case float64:
			s.BindFloat(i+1, v)
		case nil:
			s.BindNull(i + 1)
		default:
			return fmt.Errorf("cannot bind %T", v)
		}
	}
	for {
		more, err := s.Step()
		if err != nil || !more {
			return err
		}
		row(s)
	}
}
