-- A paid checkout of up to three lines, nothing but its durable effects: the
-- key, the order with its reservation, its confirmation, the answer. Statements
-- whose result nobody needs travel together.
--
--   pgbench -n -M prepared -f checkout.sql -c 16 -j 2 -t 2000 -D seq=0 -D lines=3
\set seq :seq + 1
\set n :lines
\set a random(0, 99)
\set b random(100, 199)
\set c random(200, 299)

-- claim
INSERT INTO baseline.keys (owner, operation, key, fingerprint, locked_until, created_at)
VALUES ('guest', 'checkout', :client_id || '-' || :seq, decode(repeat('ab', 32), 'hex'), now() + interval '1 minute', now()) ON CONFLICT DO NOTHING;

-- begin
\startpipeline
BEGIN;
SELECT * FROM baseline.carts WHERE id = baseline.id(1, :client_id, :seq) FOR UPDATE;
\endpipeline
\startpipeline
UPDATE baseline.carts SET status = 'ordering', order_id = baseline.id(2, :client_id, :seq), version = 2 WHERE id = baseline.id(1, :client_id, :seq);
INSERT INTO baseline.orders VALUES (baseline.id(2, :client_id, :seq), :client_id || '-' || :seq, baseline.id(1, :client_id, :seq), 'shopper@example.com', 'pending_payment', NULL, 4990,
	'{"tax_lines":[{"name":"VAT","basis_points":1900,"base":{"amount":4193,"currency":"EUR"},"amount":{"amount":797,"currency":"EUR"}}],"ship_to":{"last_name":"Doe","line1":"Main Street 1","city":"Berlin","postal_code":"10115","country":"DE"},"bill_to":{"last_name":"Doe","line1":"Main Street 1","city":"Berlin","postal_code":"10115","country":"DE"},"shipping_method":{"code":"standard","name":"Standard","price":{"amount":490,"currency":"EUR"},"min_days":2,"max_days":4,"selected": true}}',
	'{"timeline":[{"at":"2026-11-22T12:00:00Z","type":"order.placed","actor":"customer","message":""}]}', 1, now());
INSERT INTO baseline.order_lines
SELECT baseline.id(2, :client_id, :seq), position, sku, baseline.id(0, 0, 0), 'tee', 'Tee', 1, 1500, 239, 1500
FROM (VALUES (0, baseline.sku(:a)), (1, baseline.sku(:b)), (2, baseline.sku(:c))) AS line (position, sku) WHERE position < :n;
INSERT INTO baseline.payments VALUES (baseline.id(3, :client_id, :seq), baseline.id(2, :client_id, :seq), 'sandbox', '', 'created', 4990, 0, 0, now() + interval '2 minutes', 1);
UPDATE baseline.keys SET order_id = baseline.id(2, :client_id, :seq) WHERE owner = 'guest' AND operation = 'checkout' AND key = :client_id || '-' || :seq;
INSERT INTO baseline.reservations VALUES (baseline.id(2, :client_id, :seq),
	(ARRAY[baseline.sku(:a), baseline.sku(:b), baseline.sku(:c)])[1 : :n], (ARRAY[1, 1, 1])[1 : :n], now() + interval '10 minutes');
UPDATE baseline.stock SET reserved = reserved + 1, version = version + 1 WHERE sku = baseline.sku(:a) AND on_hand - reserved >= 1;
UPDATE baseline.stock SET reserved = reserved + 1, version = version + 1 WHERE sku = baseline.sku(:b) AND on_hand - reserved >= 1 AND :n > 1;
UPDATE baseline.stock SET reserved = reserved + 1, version = version + 1 WHERE sku = baseline.sku(:c) AND on_hand - reserved >= 1 AND :n > 2;
\endpipeline
COMMIT;

-- settle
\startpipeline
BEGIN;
SELECT * FROM baseline.carts WHERE id = baseline.id(1, :client_id, :seq) FOR UPDATE;
SELECT * FROM baseline.orders WHERE id = baseline.id(2, :client_id, :seq) FOR UPDATE;
SELECT * FROM baseline.order_lines WHERE order_id = baseline.id(2, :client_id, :seq);
SELECT * FROM baseline.payments WHERE id = baseline.id(3, :client_id, :seq) FOR UPDATE;
\endpipeline
\startpipeline
UPDATE baseline.carts SET status = 'ordered', version = 3 WHERE id = baseline.id(1, :client_id, :seq);
UPDATE baseline.orders SET status = 'confirmed', confirmed_at = now(), version = 2,
	history = '{"timeline":[{"at":"2026-11-22T12:00:00Z","type":"order.placed","actor":"customer","message":""},{"at":"2026-11-22T12:00:00Z","type":"payment.authorized","actor":"system","message":""},{"at":"2026-11-22T12:00:00Z","type":"order.confirmed","actor":"system","message":""}]}'
WHERE id = baseline.id(2, :client_id, :seq);
UPDATE baseline.payments SET status = 'authorized', reference = :client_id || '-' || :seq, next_check_at = now() + interval '1 minute', version = 2 WHERE id = baseline.id(3, :client_id, :seq);
UPDATE baseline.keys SET outcome = decode(repeat('ab', 1500), 'hex') WHERE owner = 'guest' AND operation = 'checkout' AND key = :client_id || '-' || :seq;
INSERT INTO baseline.outbox VALUES (baseline.id(4, :client_id, :seq), 'email.send_order_confirmation', '{"order_id":"01a1c2c2-0000-7000-8000-000000000000"}', now(), now(), 0),
	(baseline.id(5, :client_id, :seq), 'payment.capture', '{"payment_id":"01a1c2c2-0000-7000-8000-000000000000"}', now(), now(), 0);
DELETE FROM baseline.reservations WHERE order_id = baseline.id(2, :client_id, :seq);
WITH sold AS (
	UPDATE baseline.stock SET on_hand = on_hand - 1, reserved = reserved - 1, version = version + 1 WHERE sku = baseline.sku(:a) RETURNING sku, on_hand
) INSERT INTO baseline.movements (sku, delta, on_hand, reason, reference, at) SELECT sku, -1, on_hand, 'sale', baseline.id(2, :client_id, :seq), now() FROM sold;
WITH sold AS (
	UPDATE baseline.stock SET on_hand = on_hand - 1, reserved = reserved - 1, version = version + 1 WHERE sku = baseline.sku(:b) AND :n > 1 RETURNING sku, on_hand
) INSERT INTO baseline.movements (sku, delta, on_hand, reason, reference, at) SELECT sku, -1, on_hand, 'sale', baseline.id(2, :client_id, :seq), now() FROM sold;
WITH sold AS (
	UPDATE baseline.stock SET on_hand = on_hand - 1, reserved = reserved - 1, version = version + 1 WHERE sku = baseline.sku(:c) AND :n > 2 RETURNING sku, on_hand
) INSERT INTO baseline.movements (sku, delta, on_hand, reason, reference, at) SELECT sku, -1, on_hand, 'sale', baseline.id(2, :client_id, :seq), now() FROM sold;
COMMIT;
\endpipeline

-- remember
UPDATE baseline.keys SET status = 201, header = '{"Content-Type":"application/json"}', body = decode(repeat('ab', 2000), 'hex')
WHERE owner = 'guest' AND operation = 'checkout' AND key = :client_id || '-' || :seq;
