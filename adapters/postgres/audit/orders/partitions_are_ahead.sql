-- orders can be placed this month and in the next two
SELECT parent, 'has no partition for ' || to_char(month, 'YYYY-MM')
FROM unnest(ARRAY['orders', 'order_lines', 'outbox']) AS parent,
	generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months', '1 month') AS month
WHERE to_regclass('orders.' || parent || to_char(month, '_YYYY_MM')) IS NULL;
