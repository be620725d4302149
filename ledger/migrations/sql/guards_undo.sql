DROP VIEW leg;
DROP TRIGGER ledger_new_entries ON ledger_entry;
DROP TRIGGER ledger_entry_has_postings ON ledger_entry;
DROP TRIGGER ledger_entry_append_only ON ledger_entry;
DROP TRIGGER ledger_entry_no_truncate ON ledger_entry;
DROP TRIGGER ledger_new_postings ON ledger_posting;
DROP TRIGGER ledger_posting_append_only ON ledger_posting;
DROP TRIGGER ledger_posting_no_truncate ON ledger_posting;
DROP TRIGGER ledger_account_identity ON ledger_account;
DROP TRIGGER ledger_account_stays ON ledger_account;
DROP TRIGGER ledger_account_no_truncate ON ledger_account;
DROP TRIGGER ledger_period_identity ON ledger_period;
DROP TRIGGER ledger_period_stays ON ledger_period;
DROP TRIGGER ledger_period_no_truncate ON ledger_period;
DROP FUNCTION ledger_guard_new_entries();
DROP FUNCTION ledger_guard_new_postings();
DROP FUNCTION ledger_guard_entry_has_postings();
DROP FUNCTION ledger_refuse();
DROP FUNCTION ledger_open_day(date, boolean);
DROP FUNCTION ledger_month(date);
ALTER TABLE ledger_period DROP CONSTRAINT period_month_1_to_12;
ALTER TABLE ledger_entry
    DROP CONSTRAINT entry_key_not_empty,
    DROP CONSTRAINT entry_hashes_are_sha256,
    DROP COLUMN created_xid;
