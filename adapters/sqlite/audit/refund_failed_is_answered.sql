-- a refund that failed was answered by an operator: by another refund, or by a
-- note that says how else the money goes back
SELECT o.id, 'has a refund that failed and nobody has answered'
FROM orders o
WHERE instr(o.history, '"refund.failed"') > 0
  AND (SELECT max(e.key) FROM json_each(o.history, '$.timeline') AS e WHERE e.value ->> 'type' = 'refund.failed')
    > (SELECT coalesce(max(e.key), -1) FROM json_each(o.history, '$.timeline') AS e WHERE e.value ->> 'type' IN ('refund.pending', 'note'));
