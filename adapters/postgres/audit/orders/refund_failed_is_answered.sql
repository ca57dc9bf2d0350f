-- a refund that failed was answered by an operator: by another refund, or by a
-- note that says how else the money goes back
SELECT o.id, 'has a refund that failed and nobody has answered'
FROM orders.orders o, LATERAL (
	SELECT max(n) FILTER (WHERE e ->> 'type' = 'refund.failed') AS failed,
		coalesce(max(n) FILTER (WHERE e ->> 'type' IN ('refund.pending', 'note')), 0) AS answered
	FROM json_array_elements(o.history -> 'timeline') WITH ORDINALITY AS events (e, n)
) AS t
WHERE o.history::text LIKE '%"refund.failed"%' AND t.failed > t.answered;
