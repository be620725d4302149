DROP TRIGGER ledger_account_identity ON ledger_account;
CREATE TRIGGER ledger_account_identity BEFORE UPDATE OF id, code, purpose, owner, currency, type ON ledger_account
    FOR EACH ROW
    WHEN ((OLD.id, OLD.code, OLD.purpose, OLD.owner, OLD.currency, OLD.type)
          IS DISTINCT FROM (NEW.id, NEW.code, NEW.purpose, NEW.owner, NEW.currency, NEW.type))
    EXECUTE FUNCTION ledger_refuse();

DROP TRIGGER ledger_proof_of_a_close ON ledger_proof;
DROP FUNCTION ledger_guard_new_proofs();
DROP TRIGGER ledger_anchor_is_of_the_chain ON ledger_anchor;
DROP FUNCTION ledger_guard_new_anchors();
DROP TRIGGER ledger_unsealed_is_unsealed ON ledger_unsealed;
DROP FUNCTION ledger_guard_queued();

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

CREATE OR REPLACE FUNCTION ledger_guard_new_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

DO $$
DECLARE
    guard regprocedure;
BEGIN
    FOR guard IN
        SELECT oid::regprocedure FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype AND proname LIKE 'ledger\_%'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', guard);
    END LOOP;
END $$;
