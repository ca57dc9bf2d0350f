-- oldest: 2
-- Who is told of what happens in the shop, and how far each was told.
-- +goose Up
SET lock_timeout = '2s';

CREATE TABLE orders.webhook_endpoints (
	id          uuid CONSTRAINT webhook_endpoints_id PRIMARY KEY,
	url         text NOT NULL,
	description text NOT NULL,
	events      text[] NOT NULL,
	disabled    boolean NOT NULL,
	secrets     json NOT NULL,
	failures    int NOT NULL DEFAULT 0, -- in a row, to answer at all
	held_until  timestamptz NOT NULL DEFAULT '-infinity', -- somebody's, or left alone, until then
	version     bigint NOT NULL,
	created_at  timestamptz NOT NULL,
	updated_at  timestamptz NOT NULL
);

CREATE TABLE orders.webhook_deliveries (
	id          uuid CONSTRAINT webhook_deliveries_id PRIMARY KEY,
	endpoint_id uuid NOT NULL CONSTRAINT webhook_deliveries_endpoint REFERENCES orders.webhook_endpoints (id) ON DELETE CASCADE,
	event_id    uuid NOT NULL,
	type        text COLLATE "C" NOT NULL,
	data        json NOT NULL,
	status      text COLLATE "C" NOT NULL CONSTRAINT webhook_deliveries_status CHECK (status IN ('pending', 'delivered', 'failed')),
	attempts    int NOT NULL,
	next_at     timestamptz,
	answer      int NOT NULL,
	problem     text NOT NULL,
	created_at  timestamptz NOT NULL,
	ended_at    timestamptz,
	CONSTRAINT webhook_deliveries_next CHECK ((status = 'pending') = (next_at IS NOT NULL))
);

CREATE INDEX webhook_deliveries_shown ON orders.webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_due ON orders.webhook_deliveries (endpoint_id, next_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_ended ON orders.webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
