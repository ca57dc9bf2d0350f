-- oldest: 2
-- Jobs of outside programs have the ids those gave them, which may be of any
-- time. There is a place for each of them now: between the months that are made
-- and the far future was a gap.
-- +goose Up
SET lock_timeout = '2s';

ALTER TABLE orders.outbox DETACH PARTITION orders.outbox_beyond;
ALTER TABLE orders.outbox ATTACH PARTITION orders.outbox_beyond DEFAULT;

-- As before, and what lies beyond moves into its month when that is made.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION orders.make_partition(parent text, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	month timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
	named text := parent || to_char(month, '_YYYY_MM');
	first uuid := orders.first_id(month AT TIME ZONE 'UTC');
	next uuid := orders.first_id((month + interval '1 month') AT TIME ZONE 'UTC');
BEGIN
	IF to_regclass('orders.' || quote_ident(named)) IS NULL THEN
		EXECUTE format('CREATE TABLE orders.%I (LIKE orders.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', named, parent);
		IF parent = 'outbox' THEN
			LOCK TABLE orders.outbox_beyond; -- nobody adds a job of this month from here on
			EXECUTE format('WITH moved AS (DELETE FROM orders.outbox_beyond WHERE id >= %L AND id < %L RETURNING *) INSERT INTO orders.%I SELECT * FROM moved', first, next, named);
		END IF;
		EXECUTE format('ALTER TABLE orders.%I ATTACH PARTITION orders.%I FOR VALUES FROM (%L) TO (%L)', parent, named, first, next);
	END IF;
END $$;
-- +goose StatementEnd
