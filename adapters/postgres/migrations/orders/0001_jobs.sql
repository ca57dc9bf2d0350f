-- oldest: 1
-- The outbox is also the queue. Every realm has its own, with the same columns;
-- this one is busy, so it is cut into months by the time in its ids (UUIDv7).
-- +goose Up
SET lock_timeout = '2s';

-- The lowest UUIDv7 of a moment.
CREATE FUNCTION orders.first_id(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the partition of orders.<parent> for the month of a moment (UTC), named
-- <parent>_YYYY_MM, unless it is there. Attaching what was made apart does not
-- keep the parent's readers and writers waiting.
-- +goose StatementBegin
CREATE FUNCTION orders.make_partition(parent text, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	month timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
	named text := parent || to_char(month, '_YYYY_MM');
BEGIN
	IF to_regclass('orders.' || quote_ident(named)) IS NULL THEN
		EXECUTE format('CREATE TABLE orders.%I (LIKE orders.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', named, parent);
		EXECUTE format('ALTER TABLE orders.%I ATTACH PARTITION orders.%I FOR VALUES FROM (%L) TO (%L)', parent, named,
			orders.first_id(month AT TIME ZONE 'UTC'), orders.first_id((month + interval '1 month') AT TIME ZONE 'UTC'));
	END IF;
END $$;
-- +goose StatementEnd

CREATE TABLE orders.outbox (
	id           uuid CONSTRAINT outbox_id PRIMARY KEY,
	task         text NOT NULL,
	payload      json NOT NULL, -- as it was written, byte by byte
	created_at   timestamptz NOT NULL,
	trace_id     text NOT NULL,
	available_at timestamptz NOT NULL DEFAULT clock_timestamp(), -- nobody is handed it before; while it is held, when its lease ends
	attempts     int NOT NULL DEFAULT 0, -- times it was handed out
	last_error   text NOT NULL DEFAULT ''
) PARTITION BY RANGE (id);
CREATE INDEX outbox_available ON orders.outbox (task, available_at);
-- Ids from outside the months of this shop are no reason to refuse a job.
-- +goose StatementBegin
DO $$ BEGIN
	EXECUTE format('CREATE TABLE orders.outbox_before PARTITION OF orders.outbox FOR VALUES FROM (MINVALUE) TO (%L)',
		orders.first_id(date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'));
	EXECUTE format('CREATE TABLE orders.outbox_beyond PARTITION OF orders.outbox FOR VALUES FROM (%L) TO (MAXVALUE)', orders.first_id('2200-01-01 00:00Z'));
END $$;
-- +goose StatementEnd
SELECT orders.make_partition('outbox', now() + make_interval(months => ahead)) FROM generate_series(0, 3) AS ahead;

-- Drops the outbox's months that ended before a moment, oldest first, up to one
-- that still has jobs; "before" grows over them, so that there is never a gap.
-- Returns how many it dropped.
-- +goose StatementBegin
CREATE FUNCTION orders.retire_outbox(ended_by timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	named text;
	busy boolean;
	ends timestamptz;
	dropped int := 0;
BEGIN
	FOR named, ends IN
		SELECT c.relname, (to_timestamp(right(c.relname, 7), 'YYYY_MM')::timestamp + interval '1 month') AT TIME ZONE 'UTC'
		FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'orders.outbox'::regclass AND c.relname ~ '^outbox_[0-9]{4}_[0-9]{2}$'
		ORDER BY c.relname
	LOOP
		EXIT WHEN ends > ended_by;
		EXECUTE format('SELECT EXISTS (SELECT FROM orders.%I)', named) INTO busy;
		EXIT WHEN busy;
		LOCK TABLE orders.outbox; -- nobody adds a job to it from here on
		EXECUTE format('SELECT EXISTS (SELECT FROM orders.%I)', named) INTO busy;
		EXIT WHEN busy;
		EXECUTE format('DROP TABLE orders.%I', named);
		ALTER TABLE orders.outbox DETACH PARTITION orders.outbox_before;
		EXECUTE format('ALTER TABLE orders.outbox ATTACH PARTITION orders.outbox_before FOR VALUES FROM (MINVALUE) TO (%L)', orders.first_id(ends));
		dropped := dropped + 1;
	END LOOP;
	RETURN dropped;
END $$;
-- +goose StatementEnd

CREATE TABLE orders.dead_jobs (
	id         uuid CONSTRAINT dead_jobs_id PRIMARY KEY,
	task       text NOT NULL,
	payload    json NOT NULL,
	created_at timestamptz NOT NULL,
	trace_id   text NOT NULL,
	attempts   int NOT NULL,
	reason     text NOT NULL,
	died_at    timestamptz NOT NULL
);
CREATE INDEX dead_jobs_by_task ON orders.dead_jobs (task, id);

-- Which consumer has seen which job.
CREATE TABLE orders.inbox (
	consumer text NOT NULL,
	job_id   uuid NOT NULL,
	seen_at  timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT inbox_once PRIMARY KEY (consumer, job_id)
);
CREATE INDEX inbox_by_age ON orders.inbox USING brin (seen_at);

-- Jobs leave the outbox when they are done. That an order's confirmation was
-- ever put there has to be seen later: each confirmed order has exactly one.
CREATE TABLE orders.confirmations (
	order_id uuid NOT NULL,
	job_id   uuid NOT NULL,
	CONSTRAINT confirmations_once PRIMARY KEY (order_id, job_id)
);
-- +goose StatementBegin
CREATE FUNCTION orders.note_confirmation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO orders.confirmations (order_id, job_id) VALUES ((new.payload ->> 'order_id')::uuid, new.id) ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER outbox_confirmation AFTER INSERT ON orders.outbox FOR EACH ROW
	WHEN (new.task = 'email.send_order_confirmation') EXECUTE FUNCTION orders.note_confirmation();

-- Written once a second where there are replicas: one is as old as the beat that
-- it shows, and follows the history that is named there.
CREATE TABLE orders.heartbeat (
	one   boolean CONSTRAINT heartbeat_one PRIMARY KEY DEFAULT true CHECK (one),
	at    timestamptz NOT NULL,
	epoch bigint NOT NULL
) WITH (fillfactor = 10);
