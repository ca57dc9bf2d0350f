-- oldest: 1
-- The outbox is also the queue. Every realm has its own, with the same columns.
-- +goose Up
SET lock_timeout = '2s';

CREATE TABLE identity.outbox (
	id           uuid CONSTRAINT outbox_id PRIMARY KEY,
	task         text NOT NULL,
	payload      json NOT NULL, -- as it was written, byte by byte
	created_at   timestamptz NOT NULL,
	trace_id     text NOT NULL,
	available_at timestamptz NOT NULL DEFAULT clock_timestamp(), -- nobody is handed it before; while it is held, when its lease ends
	attempts     int NOT NULL DEFAULT 0, -- times it was handed out
	last_error   text NOT NULL DEFAULT ''
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX outbox_available ON identity.outbox (task, available_at);

CREATE TABLE identity.dead_jobs (
	id         uuid CONSTRAINT dead_jobs_id PRIMARY KEY,
	task       text NOT NULL,
	payload    json NOT NULL,
	created_at timestamptz NOT NULL,
	trace_id   text NOT NULL,
	attempts   int NOT NULL,
	reason     text NOT NULL,
	died_at    timestamptz NOT NULL
);
CREATE INDEX dead_jobs_by_task ON identity.dead_jobs (task, id);

-- Written once a second where there are replicas: one is as old as the beat that
-- it shows, and follows the history that is named there.
CREATE TABLE identity.heartbeat (
	one   boolean CONSTRAINT heartbeat_one PRIMARY KEY DEFAULT true CHECK (one),
	at    timestamptz NOT NULL,
	epoch bigint NOT NULL
) WITH (fillfactor = 10);
