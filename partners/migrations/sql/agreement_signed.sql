-- A promise is claimed only once it is signed, and consented to where a planned state asks for it (rules/shop.md case 7).
-- What was active before this rule came stays in force: only the step from draft to active is looked at.

CREATE FUNCTION partners_agreement_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM partners_agreementevent e WHERE e.agreement_id = NEW.id AND e.kind = 'signed') THEN
        RAISE EXCEPTION 'agreement % has no signed document', NEW.id USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT FROM partners_agreementduty d JOIN partners_staterule r ON r.id = d.rule_id
                WHERE d.agreement_id = NEW.id AND r.duty = 'consent')
       AND NOT EXISTS (SELECT FROM partners_agreementevent e WHERE e.agreement_id = NEW.id AND e.kind = 'consented') THEN
        RAISE EXCEPTION 'agreement % has no written consent', NEW.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER partners_agreement_signed BEFORE UPDATE OF state ON partners_agreement
    FOR EACH ROW WHEN (OLD.state = 'draft' AND NEW.state = 'active') EXECUTE FUNCTION partners_agreement_signed();
