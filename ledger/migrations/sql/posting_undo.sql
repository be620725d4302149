DROP FUNCTION ledger_post(jsonb, jsonb, jsonb);
DROP FUNCTION ledger_known(jsonb);

CREATE OR REPLACE FUNCTION ledger_guard_new_postings() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    fault record;
BEGIN
    SELECT p.entry_id,
           CASE WHEN e.created_xid <> pg_current_xact_id() THEN 'was written by another transaction'
                WHEN e.effective_date <> p.effective_date THEN 'has another effective date'
                WHEN NOT (d.is_open AND c.is_open) THEN 'names a closed account'
                ELSE 'is sealed' END AS what
      INTO fault
      FROM fresh p
      JOIN ledger_entry e ON e.id = p.entry_id
      JOIN ledger_account d ON d.id = p.debit
      JOIN ledger_account c ON c.id = p.credit
     WHERE e.created_xid <> pg_current_xact_id()
        OR e.effective_date <> p.effective_date
        OR NOT (d.is_open AND c.is_open)
        OR EXISTS (SELECT FROM ledger_seal s WHERE s.entry_id = p.entry_id)
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
      FROM (SELECT seq, entry_id, prev_hash, hash, canonical,
                   lag(hash, 1, coalesce(head_hash, decode(repeat('00', 32), 'hex'))) OVER (ORDER BY seq) AS before
              FROM fresh) s
      LEFT JOIN ledger_entry e ON e.id = s.entry_id
     WHERE s.prev_hash <> s.before
        OR s.hash <> sha256('\x02'::bytea || s.prev_hash || s.canonical)
        OR e.content_hash IS DISTINCT FROM sha256(s.canonical)
     ORDER BY s.seq LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'seal % does not chain its entry to the one before', fault USING ERRCODE = '23514';
    END IF;
    DELETE FROM ledger_unsealed u USING fresh f WHERE u.entry_id = f.entry_id;
    GET DIAGNOSTICS unqueued = ROW_COUNT;
    IF unqueued <> number_of THEN
        RAISE EXCEPTION 'of seals % to % only % had waited', first_seq, last_seq, unqueued USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_guard_queue() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM gone g WHERE NOT EXISTS (SELECT FROM ledger_seal s WHERE s.entry_id = g.entry_id)) THEN
        RAISE EXCEPTION 'an entry waits until it is sealed' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
