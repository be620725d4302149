DROP TRIGGER ledger_manualentry_no_truncate ON ledger_manualentry;
DROP TRIGGER ledger_manualentry_stays ON ledger_manualentry;
DROP TRIGGER ledger_proofleaf_fits ON ledger_proofleaf;
DROP FUNCTION ledger_guard_new_leaves();
DROP TRIGGER ledger_proofleaf_no_truncate ON ledger_proofleaf;
DROP TRIGGER ledger_proofleaf_append_only ON ledger_proofleaf;
DROP TRIGGER ledger_proof_no_truncate ON ledger_proof;
DROP TRIGGER ledger_proof_append_only ON ledger_proof;
DROP TRIGGER ledger_ledgerexport_no_truncate ON ledger_ledgerexport;
DROP TRIGGER ledger_ledgerexport_append_only ON ledger_ledgerexport;
ALTER TABLE ledger_proofleaf DROP CONSTRAINT proofleaf_salt_is_32;
ALTER TABLE ledger_proof DROP CONSTRAINT proof_root_is_sha256;
ALTER TABLE ledger_ledgerexport
    DROP CONSTRAINT ledgerexport_sha256,
    DROP CONSTRAINT ledgerexport_goes_on,
    DROP CONSTRAINT ledgerexport_end;
