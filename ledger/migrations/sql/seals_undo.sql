DROP TRIGGER ledger_seal_turn ON ledger_seal;
DROP TRIGGER ledger_seal_chains ON ledger_seal;
DROP TRIGGER ledger_seal_append_only ON ledger_seal;
DROP TRIGGER ledger_seal_no_truncate ON ledger_seal;
DROP TRIGGER ledger_unsealed_waits ON ledger_unsealed;
DROP TRIGGER ledger_unsealed_no_update ON ledger_unsealed;
DROP TRIGGER ledger_unsealed_no_truncate ON ledger_unsealed;
DROP FUNCTION ledger_guard_seal_turn();
DROP FUNCTION ledger_guard_new_seals();
DROP FUNCTION ledger_guard_queue();
ALTER TABLE ledger_seal DROP CONSTRAINT seal_seq_from_1, DROP CONSTRAINT seal_hashes_are_sha256;
ALTER FUNCTION ledger_guard_new_entries() SECURITY INVOKER;

CREATE OR REPLACE FUNCTION ledger_guard_new_postings() RETURNS trigger
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
