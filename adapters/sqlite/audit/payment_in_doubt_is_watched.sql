-- somebody will ask the provider about a payment whose end is not known
SELECT id, 'is ' || status || ', and nobody will ask about it'
FROM payments
WHERE status IN ('created', 'requires_action', 'processing') AND next_check_at IS NULL AND id >= coalesce(:since, x'');
