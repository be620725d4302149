DROP FUNCTION ledger_as_charted(jsonb);
