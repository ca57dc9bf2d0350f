-- oldest: 4
-- What a coupon promises to each address is kept whoever writes.

CREATE TRIGGER redemptions_within_limit BEFORE INSERT ON redemptions
WHEN (SELECT count(*) FROM redemptions WHERE code = new.code AND email = new.email)
  >= (SELECT per_customer FROM coupons WHERE code = new.code AND per_customer > 0)
BEGIN
  SELECT RAISE(ABORT, 'this address has used the coupon as often as it may');
END;
