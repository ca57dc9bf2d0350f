-- oldest: 2
-- What one program at a time does to the search index for all of them, and how
-- far it has come.
-- +goose Up
SET lock_timeout = '2s';

CREATE TABLE catalog.search_works (
	name    text CONSTRAINT search_works_name PRIMARY KEY,
	version bigint NOT NULL,
	holder  text NOT NULL, -- '': nobody is at it
	until   timestamptz,   -- after that somebody else may go on
	body    json NOT NULL
);
