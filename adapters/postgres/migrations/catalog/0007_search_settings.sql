-- oldest: 2
-- How a shopkeeper steers the search: one document of each kind, read as a whole
-- when its version has changed.
-- +goose Up
SET lock_timeout = '2s';

CREATE TABLE catalog.search_settings (
	name       text CONSTRAINT search_settings_name PRIMARY KEY,
	version    bigint NOT NULL,
	body       json NOT NULL,
	updated_at timestamptz NOT NULL
);
