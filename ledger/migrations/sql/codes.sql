-- An entry is hashed with the codes that the chart in the code has, and sealed with those that the accounts have. Where
-- they differ it could never be sealed, and everything after it would wait; so it is refused while it is posted. Gives
-- its argument back, each account of which is {purpose, owner, currency, code}; one that is not there yet will be as
-- charted. Row by row behind OFFSET 0, as in posting.sql.
CREATE FUNCTION ledger_as_charted(accounts jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    other record;
BEGIN
    SELECT n.purpose, n.owner, n.code AS charted, a.code AS found INTO other
      FROM jsonb_to_recordset(accounts) AS n(purpose text, owner text, currency text, code text)
     CROSS JOIN LATERAL (SELECT code FROM ledger_account
                          WHERE (purpose, owner, currency) = (n.purpose, n.owner, n.currency) OFFSET 0) a
     WHERE a.code <> n.code
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the account % is % in the books and % in the chart', trim(other.purpose || ' ' || other.owner),
            other.found, other.charted USING ERRCODE = 'TS004';
    END IF;
    RETURN accounts;
END $$;
