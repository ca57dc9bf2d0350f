-- an order that failed or was cancelled holds no use of a coupon
SELECT r.order_id, r.code || ' redeemed by an order that is ' || coalesce(o.status, 'gone')
FROM orders.redemptions r LEFT JOIN orders.orders o ON o.id = r.order_id
WHERE o.id IS NULL OR o.status IN ('payment_failed', 'canceled');
