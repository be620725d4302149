DROP FUNCTION ledger_sums(date, integer);
DROP FUNCTION ledger_sums_of(integer[], date, integer);
DROP FUNCTION ledger_cut(date, integer);
