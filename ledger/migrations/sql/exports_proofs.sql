-- What was exported, published or posted by hand stays (rules/ledger.md sections 8 and 9).

-- An export begins where the one before it ended, of the same format and currency: no gap, no overlap, nothing twice.
ALTER TABLE ledger_ledgerexport
    ADD CONSTRAINT ledgerexport_end UNIQUE (id, format, currency, to_seq),
    ADD CONSTRAINT ledgerexport_goes_on FOREIGN KEY (previous_id, format, currency, from_seq)
        REFERENCES ledger_ledgerexport (id, format, currency, to_seq),
    ADD CONSTRAINT ledgerexport_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$');

ALTER TABLE ledger_proof ADD CONSTRAINT proof_root_is_sha256 CHECK (octet_length(root) = 32);
ALTER TABLE ledger_proofleaf ADD CONSTRAINT proofleaf_salt_is_32 CHECK (octet_length(salt) = 32);

CREATE TRIGGER ledger_ledgerexport_append_only BEFORE UPDATE OR DELETE ON ledger_ledgerexport
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_ledgerexport_no_truncate BEFORE TRUNCATE ON ledger_ledgerexport
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_proof_append_only BEFORE UPDATE OR DELETE ON ledger_proof
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_proof_no_truncate BEFORE TRUNCATE ON ledger_proof
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_proofleaf_append_only BEFORE UPDATE OR DELETE ON ledger_proofleaf
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_proofleaf_no_truncate BEFORE TRUNCATE ON ledger_proofleaf
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

-- A published tree has its places, and they are taken: never again with one more leaf.
CREATE FUNCTION ledger_guard_new_leaves() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh f JOIN ledger_proof p ON p.id = f.proof_id WHERE f.idx >= p.leaf_count) THEN
        RAISE EXCEPTION 'a leaf has no place in its published tree' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_proofleaf_fits AFTER INSERT ON ledger_proofleaf
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_new_leaves();

-- What was posted by hand stays as it was approved; what waits may change, and is approved anew.
CREATE TRIGGER ledger_manualentry_stays BEFORE UPDATE OR DELETE ON ledger_manualentry
    FOR EACH ROW WHEN (OLD.entry_id IS NOT NULL) EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_manualentry_no_truncate BEFORE TRUNCATE ON ledger_manualentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
