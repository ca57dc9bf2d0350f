-- a coupon is used as often as orders redeemed it
SELECT coalesce(c.code, n.code), 'used ' || coalesce(c.used, 0) || ', redeemed ' || coalesce(n.uses, 0)
FROM coupons c FULL JOIN (SELECT code, count(*) AS uses FROM redemptions GROUP BY code) AS n ON n.code = c.code
WHERE coalesce(c.used, 0) <> coalesce(n.uses, 0) OR c.usage_limit > 0 AND c.used > c.usage_limit;
