-- What was promised and what was allocated does not change: plain triggers, which no session setting of the
-- application's role switches off. ERRCODE 23514 reaches Django as IntegrityError.

CREATE FUNCTION partners_agreement_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'an agreement begins as a draft' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state = 'draft' THEN
        IF TG_OP = 'UPDATE' AND NEW.state = 'ended' THEN
            RAISE EXCEPTION 'agreement % was never active', OLD.id USING ERRCODE = '23514';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'active' AND NEW.state = 'ended' AND NEW.ends_on < OLD.ends_on
       AND to_jsonb(NEW) - '{state,ends_on,ended_by_id,ended_at}'::text[]
         = to_jsonb(OLD) - '{state,ends_on,ended_by_id,ended_at}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'agreement % is frozen: end it early, or prepare a new version', OLD.id USING ERRCODE = '23514';
END
$$;

CREATE TRIGGER partners_agreement_frozen BEFORE INSERT OR UPDATE OR DELETE ON partners_agreement
    FOR EACH ROW EXECUTE FUNCTION partners_agreement_frozen();

CREATE FUNCTION partners_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END
$$;

CREATE TRIGGER partners_agreement_kept BEFORE TRUNCATE ON partners_agreement
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_allocation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_allocation
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_allocationline_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_allocationline
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
