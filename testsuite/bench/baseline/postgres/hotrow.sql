-- Everybody wants the same unit: what is left of a checkout's first transaction
-- when only its reservation counts. The row is held until COMMIT is on disk.
--
--   pgbench -n -M prepared -f hotrow.sql -c 50 -j 2 -T 10 -D seq=0
\set seq :seq + 1
BEGIN;
UPDATE baseline.stock SET reserved = reserved + 1, version = version + 1 WHERE sku = 'HOT' AND on_hand - reserved >= 1 RETURNING on_hand, reserved;
\startpipeline
INSERT INTO baseline.reservations VALUES (baseline.id(6, :client_id, :seq), ARRAY['HOT'], ARRAY[1], now() + interval '10 minutes') ON CONFLICT DO NOTHING;
COMMIT;
\endpipeline
