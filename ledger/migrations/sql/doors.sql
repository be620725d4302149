-- Nobody but the owner calls the guards, and what they write they write for their own table alone. A role that may make
-- temporary tables could else hang a guard that runs as the owner on a table of its own and have it write for it.

DO $$
DECLARE
    guard regprocedure;
BEGIN
    FOR guard IN
        SELECT oid::regprocedure FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype AND proname LIKE 'ledger\_%'
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', guard);
    END LOOP;
END $$;


-- As in guards.sql, and for the entries alone.
CREATE OR REPLACE FUNCTION ledger_guard_new_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month integer;
    all_manual boolean;
    found_state text;
BEGIN
    IF TG_RELID <> 'ledger_entry'::regclass THEN
        RAISE EXCEPTION '% guards ledger_entry, not %', TG_NAME, TG_RELID::regclass USING ERRCODE = '42501';
    END IF;
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


-- As in posting.sql, and for the seals alone.
CREATE OR REPLACE FUNCTION ledger_guard_new_seals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first_seq integer;
    last_seq integer;
    number_of integer;
    head_seq integer;
    head_hash bytea;
    fault integer;
    unqueued integer;
BEGIN
    IF TG_RELID <> 'ledger_seal'::regclass THEN
        RAISE EXCEPTION '% guards ledger_seal, not %', TG_NAME, TG_RELID::regclass USING ERRCODE = '42501';
    END IF;
    SELECT min(seq), max(seq), count(*) INTO first_seq, last_seq, number_of FROM fresh;
    IF number_of = 0 THEN
        RETURN NULL;
    END IF;
    SELECT seq, hash INTO head_seq, head_hash FROM ledger_seal WHERE seq < first_seq ORDER BY seq DESC LIMIT 1;
    IF first_seq <> coalesce(head_seq, 0) + 1 OR last_seq - first_seq + 1 <> number_of
       OR EXISTS (SELECT FROM ledger_seal WHERE seq > last_seq) THEN
        RAISE EXCEPTION 'seals % to % do not go on from %', first_seq, last_seq, coalesce(head_seq, 0)
            USING ERRCODE = '23514';
    END IF;
    SELECT s.seq INTO fault
      FROM (SELECT seq, prev_hash, hash, canonical,
                   lag(hash, 1, coalesce(head_hash, decode(repeat('00', 32), 'hex'))) OVER (ORDER BY seq) AS before,
                   (SELECT e.content_hash FROM ledger_entry e WHERE e.id = fresh.entry_id) AS content_hash
              FROM fresh) s
     WHERE s.prev_hash <> s.before
        OR s.hash <> sha256('\x02'::bytea || s.prev_hash || s.canonical)
        OR s.content_hash IS DISTINCT FROM sha256(s.canonical)
     ORDER BY s.seq LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'seal % does not chain its entry to the one before', fault USING ERRCODE = '23514';
    END IF;
    DELETE FROM ledger_unsealed WHERE entry_id = ANY (ARRAY(SELECT entry_id FROM fresh));
    GET DIAGNOSTICS unqueued = ROW_COUNT;
    IF unqueued <> number_of THEN
        RAISE EXCEPTION 'of seals % to % only % had waited', first_seq, last_seq, unqueued USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;


-- What is sealed waits no more: once in the queue again it would stop the sealer for good.
CREATE FUNCTION ledger_guard_queued() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    fault integer;
BEGIN
    SELECT entry_id INTO fault FROM fresh
     WHERE (SELECT s.seq FROM ledger_seal s WHERE s.entry_id = fresh.entry_id) IS NOT NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % is sealed and waits no more', fault USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_unsealed_is_unsealed AFTER INSERT ON ledger_unsealed
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_queued();


-- An anchor says what the chain says: a wrong one would call every later look at the chain a forgery.
CREATE FUNCTION ledger_guard_new_anchors() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    fault integer;
BEGIN
    SELECT seq INTO fault FROM fresh
     WHERE hash IS DISTINCT FROM (SELECT s.hash FROM ledger_seal s WHERE s.seq = fresh.seq) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'an anchor at % is not the hash of the chain there', fault USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_anchor_is_of_the_chain AFTER INSERT ON ledger_anchor
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_new_anchors();


-- A root is published of a month that is closed, at the seal it was closed at: an earlier one would take its place.
CREATE FUNCTION ledger_guard_new_proofs() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    fault integer;
BEGIN
    SELECT yyyymm INTO fault FROM fresh
     WHERE through_seq IS DISTINCT FROM (SELECT c.through_seq FROM ledger_close c WHERE c.yyyymm = fresh.yyyymm) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a proof of % is not of that month as it is closed', fault USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_proof_of_a_close AFTER INSERT ON ledger_proof
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_new_proofs();


-- As in guards.sql; and whether an account is restricted is part of what its postings mean.
DROP TRIGGER ledger_account_identity ON ledger_account;
CREATE TRIGGER ledger_account_identity
    BEFORE UPDATE OF id, code, purpose, owner, currency, type, restriction ON ledger_account
    FOR EACH ROW
    WHEN ((OLD.id, OLD.code, OLD.purpose, OLD.owner, OLD.currency, OLD.type, OLD.restriction)
          IS DISTINCT FROM (NEW.id, NEW.code, NEW.purpose, NEW.owner, NEW.currency, NEW.type, NEW.restriction))
    EXECUTE FUNCTION ledger_refuse();

REVOKE EXECUTE ON FUNCTION ledger_guard_queued(), ledger_guard_new_anchors(), ledger_guard_new_proofs() FROM PUBLIC;
