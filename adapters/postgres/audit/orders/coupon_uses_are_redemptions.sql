-- a coupon is used as often as orders redeemed it, in all and by each customer
SELECT coalesce(c.code, n.code), 'used ' || coalesce(c.used, 0) || ', redeemed ' || coalesce(n.uses, 0) || ', counted ' || coalesce(n.counted, 0)
FROM orders.coupons c
FULL JOIN (
	SELECT coalesce(r.code, k.code) AS code, sum(coalesce(r.uses, 0)) AS uses, sum(coalesce(k.used, 0)) AS counted,
		bool_or(coalesce(r.uses, 0) <> coalesce(k.used, 0)) AS apart
	FROM (SELECT code, email, count(*) AS uses FROM orders.redemptions GROUP BY code, email) AS r
	FULL JOIN orders.coupon_customers k ON k.code = r.code AND k.email = r.email
	GROUP BY 1
) AS n ON n.code = c.code
WHERE coalesce(c.used, 0) <> coalesce(n.uses, 0) OR n.apart OR c.usage_limit > 0 AND c.used > c.usage_limit;
