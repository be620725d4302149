DROP TRIGGER ledger_opening_no_truncate ON ledger_opening;
DROP TRIGGER ledger_opening_stays ON ledger_opening;
DROP FUNCTION ledger_guard_opening();
