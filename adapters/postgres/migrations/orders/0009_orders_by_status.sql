-- oldest: 2
-- What waits is looked for by its status, and there is little of it among all.
-- +goose Up
SET lock_timeout = '2s';

CREATE INDEX orders_by_status ON orders.orders (status, id);
