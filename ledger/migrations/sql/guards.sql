-- The money rules that the database itself holds (rules/sealing.md "Poster" 3-5). Plain triggers: no session setting
-- switches them off. pg_temp stands last in every search path, so that no temporary table can pose as one of ours.

ALTER TABLE ledger_entry
    ADD COLUMN created_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD CONSTRAINT entry_hashes_are_sha256
        CHECK (octet_length(facts_hash) = 32 AND octet_length(content_hash) = 32),
    ADD CONSTRAINT entry_key_not_empty CHECK (idempotency_key <> '');

ALTER TABLE ledger_period ADD CONSTRAINT period_month_1_to_12 CHECK (yyyymm % 100 BETWEEN 1 AND 12);

CREATE FUNCTION ledger_month(day date) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (extract(year FROM day) * 100 + extract(month FROM day))::integer;


-- The day on which a fact of `wanted` is posted: that day, or the first one of a later month that takes it; NULL when
-- its month has no row, or no later month takes it. The shared month lock comes first and each look at the period is a
-- new statement after it, so the answer holds until the caller's transaction ends: a closer waits for that lock.
CREATE FUNCTION ledger_open_day(wanted date, is_manual boolean) RETURNS date
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    month integer := ledger_month(wanted);
    day date := wanted;
    found_state text;
BEGIN
    FOR attempt IN 0..3 LOOP
        PERFORM pg_advisory_xact_lock_shared(7100, month);
        SELECT state INTO found_state FROM ledger_period WHERE yyyymm = month;
        IF found_state IS NULL THEN
            RETURN NULL;
        ELSIF found_state = 'open' OR (found_state = 'soft_closed' AND is_manual) THEN
            RETURN day;
        END IF;
        SELECT min(yyyymm) INTO month FROM ledger_period
         WHERE yyyymm > month AND (state = 'open' OR (state = 'soft_closed' AND is_manual));
        EXIT WHEN month IS NULL;
        day := make_date(month / 100, month % 100, 1);
    END LOOP;
    RETURN NULL;
END $$;


CREATE FUNCTION ledger_guard_new_entries() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    month integer;
    all_manual boolean;
    found_state text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'entries are posted at read committed only' USING ERRCODE = 'TS002';
    END IF;
    IF EXISTS (SELECT FROM fresh WHERE created_xid <> pg_current_xact_id()) THEN
        RAISE EXCEPTION 'an entry names the transaction that wrote it' USING ERRCODE = '23514';
    END IF;
    FOR month, all_manual IN
        SELECT ledger_month(effective_date), bool_and(kind = 'manual') FROM fresh GROUP BY 1 ORDER BY 1
    LOOP
        PERFORM pg_advisory_xact_lock_shared(7100, month);
        SELECT state INTO found_state FROM ledger_period WHERE yyyymm = month;
        IF found_state IS NULL THEN
            RAISE EXCEPTION 'month % is not in the books', month USING ERRCODE = 'TS003';
        ELSIF NOT (found_state = 'open' OR (found_state = 'soft_closed' AND all_manual)) THEN
            RAISE EXCEPTION 'month % is %', month, found_state USING ERRCODE = 'TS001';
        END IF;
        found_state := NULL;
    END LOOP;
    INSERT INTO ledger_unsealed (entry_id) SELECT id FROM fresh;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_new_entries AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_new_entries();


CREATE FUNCTION ledger_guard_new_postings() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    fault record;
BEGIN
    SELECT p.entry_id,
           CASE WHEN e.created_xid <> pg_current_xact_id() THEN 'was written by another transaction'
                WHEN e.effective_date <> p.effective_date THEN 'has another effective date'
                ELSE 'names a closed account' END AS what
      INTO fault
      FROM fresh p
      JOIN ledger_entry e ON e.id = p.entry_id
      JOIN ledger_account d ON d.id = p.debit
      JOIN ledger_account c ON c.id = p.credit
     WHERE e.created_xid <> pg_current_xact_id()
        OR e.effective_date <> p.effective_date
        OR NOT (d.is_open AND c.is_open)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a posting is refused: entry % %', fault.entry_id, fault.what USING ERRCODE = '23514';
    END IF;
    SELECT f.entry_id INTO fault
      FROM (SELECT entry_id, count(*) AS rows, count(DISTINCT ordinal) AS ordinals FROM fresh GROUP BY entry_id) f
     WHERE f.rows <> f.ordinals
        OR f.rows <> (SELECT count(*) FROM ledger_posting p WHERE p.entry_id = f.entry_id)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the postings of entry % are not written at once, each with its own ordinal', fault.entry_id
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_new_postings AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_new_postings();


CREATE FUNCTION ledger_guard_entry_has_postings() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_posting WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION 'entry % has no posting', NEW.id USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_entry_has_postings AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_entry_has_postings();


CREATE FUNCTION ledger_refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: the books are append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END $$;

CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_posting_append_only BEFORE UPDATE OR DELETE ON ledger_posting
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_posting_no_truncate BEFORE TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

-- An account's name, class and openness may change; what its postings mean may not. A month stays once it is there.
CREATE TRIGGER ledger_account_identity BEFORE UPDATE OF id, code, purpose, owner, currency, type ON ledger_account
    FOR EACH ROW
    WHEN ((OLD.id, OLD.code, OLD.purpose, OLD.owner, OLD.currency, OLD.type)
          IS DISTINCT FROM (NEW.id, NEW.code, NEW.purpose, NEW.owner, NEW.currency, NEW.type))
    EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_account_stays BEFORE DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_account_no_truncate BEFORE TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_period_identity BEFORE UPDATE OF yyyymm ON ledger_period
    FOR EACH ROW WHEN (OLD.yyyymm <> NEW.yyyymm) EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_period_stays BEFORE DELETE ON ledger_period
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_period_no_truncate BEFORE TRUNCATE ON ledger_period
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();


-- Each posting as its two sides: debit positive, credit negative. What every report reads.
CREATE VIEW leg AS
    SELECT entry_id, ordinal, debit AS account_id, credit AS other_id, currency, amount_minor, effective_date
      FROM ledger_posting
    UNION ALL
    SELECT entry_id, ordinal, credit, debit, currency, -amount_minor, effective_date
      FROM ledger_posting;
