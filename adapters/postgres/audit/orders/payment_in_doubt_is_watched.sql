-- somebody will ask the provider about a payment whose end is not known
SELECT id, 'is ' || status || ', and nobody will ask about it'
FROM orders.payments
WHERE status IN ('created', 'requires_action', 'processing') AND next_check_at IS NULL AND id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'));
