-- oldest: 2
-- What payment providers send, once for each of their ids, until a job has asked
-- them for the truth.
-- +goose Up
SET lock_timeout = '2s';

CREATE TABLE orders.payment_events (
	id          uuid CONSTRAINT payment_events_id PRIMARY KEY,
	provider    text COLLATE "C" NOT NULL,
	event_id    text COLLATE "C" NOT NULL,
	type        text NOT NULL,
	payment_id  uuid,
	body        bytea NOT NULL,
	received_at timestamptz NOT NULL,
	ended_at    timestamptz,
	CONSTRAINT payment_events_event UNIQUE (provider, event_id)
);
