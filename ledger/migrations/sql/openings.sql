-- What was signed as the beginning of the books stays; only what became of it changes (rules/ledger.md section 5).
CREATE FUNCTION ledger_guard_opening() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.effective_on, NEW.event_at, NEW.balances, NEW.proposed_by_id, NEW.proposed_at)
           IS NOT DISTINCT FROM
           (OLD.id, OLD.effective_on, OLD.event_at, OLD.balances, OLD.proposed_by_id, OLD.proposed_at)
       AND (OLD.state, NEW.state) IN (('waiting', 'posted'), ('waiting', 'refused'), ('posted', 'reversed')) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'opening balances stay as they were signed' USING ERRCODE = '23514';
END $$;
REVOKE EXECUTE ON FUNCTION ledger_guard_opening() FROM PUBLIC;

CREATE TRIGGER ledger_opening_stays BEFORE UPDATE OR DELETE ON ledger_opening
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_opening();
CREATE TRIGGER ledger_opening_no_truncate BEFORE TRUNCATE ON ledger_opening
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
