-- oldest: 3
-- One number for what the index is told, instead of one for each SKU: with one
-- writer a number that rises with every transaction that raises versions orders
-- them all, and thousands of rows need not be written for it. What skus has under
-- search_version is not looked at any more.

CREATE TABLE search_clock (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  at   INTEGER NOT NULL
) STRICT;
INSERT INTO search_clock (only, at) SELECT 1, coalesce(max(search_version), 0) FROM skus;
