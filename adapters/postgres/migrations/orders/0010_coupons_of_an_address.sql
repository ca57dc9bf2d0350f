-- oldest: 2
-- What a coupon promises to each address is kept whoever writes. Who has used it
-- more often than a newer limit keeps that.
-- +goose Up
SET lock_timeout = '2s';

-- +goose StatementBegin
CREATE FUNCTION orders.refuse_coupon() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.used > (SELECT per_customer FROM orders.coupons WHERE code = new.code AND per_customer > 0) THEN
		RAISE check_violation USING MESSAGE = 'this address has used the coupon as often as it may',
			SCHEMA = 'orders', TABLE = 'coupon_customers', CONSTRAINT = 'coupon_customers_within_limit';
	END IF;
	RETURN new;
END $$;
-- +goose StatementEnd

CREATE TRIGGER coupon_customers_first BEFORE INSERT ON orders.coupon_customers
FOR EACH ROW EXECUTE FUNCTION orders.refuse_coupon();
CREATE TRIGGER coupon_customers_again BEFORE UPDATE OF used ON orders.coupon_customers
FOR EACH ROW WHEN (new.used > old.used) EXECUTE FUNCTION orders.refuse_coupon();
