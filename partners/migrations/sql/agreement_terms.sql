-- The contract's terms are frozen with their agreement, and who wrote them is no second person for it.

CREATE FUNCTION partners_agreementterms_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM partners_agreement a WHERE a.id = OLD.agreement_id AND a.state <> 'draft')
       OR (TG_OP = 'UPDATE' AND NEW.agreement_id <> OLD.agreement_id) THEN
        RAISE EXCEPTION 'the terms of agreement % are frozen', OLD.agreement_id USING ERRCODE = '23514';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER partners_agreementterms_frozen BEFORE UPDATE OR DELETE ON partners_agreementterms
    FOR EACH ROW EXECUTE FUNCTION partners_agreementterms_frozen();
CREATE TRIGGER partners_agreementterms_kept BEFORE TRUNCATE ON partners_agreementterms
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();

CREATE FUNCTION partners_agreement_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM partners_agreementevent e
                WHERE e.agreement_id = NEW.id AND e.kind = 'terms' AND e.by_id = NEW.approved_by_id) THEN
        RAISE EXCEPTION 'who wrote the terms of agreement % cannot approve it', NEW.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER partners_agreement_written BEFORE UPDATE OF state ON partners_agreement
    FOR EACH ROW WHEN (OLD.state = 'draft' AND NEW.state = 'active') EXECUTE FUNCTION partners_agreement_written();
