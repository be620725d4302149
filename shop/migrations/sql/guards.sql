-- Stock movements, order events and frozen promises are only ever added; ERRCODE 23514 reaches Django as
-- IntegrityError. Statement-level, so that a refused statement is refused even when it would touch no row.

CREATE FUNCTION shop_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END
$$;

CREATE TRIGGER shop_stockmovement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shop_stockmovement
    FOR EACH STATEMENT EXECUTE FUNCTION shop_append_only();
CREATE TRIGGER shop_orderevent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shop_orderevent
    FOR EACH STATEMENT EXECUTE FUNCTION shop_append_only();
CREATE TRIGGER shop_orderlineagreement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shop_orderlineagreement
    FOR EACH STATEMENT EXECUTE FUNCTION shop_append_only();

-- Order numbers start where they do not look like the first one ever.
ALTER TABLE shop_order ALTER COLUMN id RESTART WITH 1001;
