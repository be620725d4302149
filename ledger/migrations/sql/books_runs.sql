-- What the books' checks found in a night stays: nobody makes a bad night a good one.
CREATE TRIGGER ledger_booksrun_append_only BEFORE UPDATE OR DELETE ON ledger_booksrun
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_booksrun_no_truncate BEFORE TRUNCATE ON ledger_booksrun
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
