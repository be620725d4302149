-- Who took an exception and who settled it stays.
CREATE TRIGGER ledger_exceptionevent_append_only BEFORE UPDATE OR DELETE ON ledger_exceptionevent
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_exceptionevent_no_truncate BEFORE TRUNCATE ON ledger_exceptionevent
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
