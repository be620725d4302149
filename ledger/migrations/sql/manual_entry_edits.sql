-- Who wrote a manual entry stays, because none of them may decide on it (rules/ledger.md section 5 "Manual adjustment").
CREATE TRIGGER ledger_manualentryedit_append_only BEFORE UPDATE OR DELETE ON ledger_manualentryedit
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_manualentryedit_no_truncate BEFORE TRUNCATE ON ledger_manualentryedit
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
