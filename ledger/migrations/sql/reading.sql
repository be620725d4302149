-- Balances as of (day, sequence number), each case by the query that suits it (rules/sealing.md "As of"; as_of.sql says
-- why they are right). A query that holds all cases at once pays for them: a condition that is known before it runs
-- still passes every row through. So each case is a statement of its own here. NULL as the day means that no day is too
-- late. A server may use several processes for a pass over the postings, and compiles nothing for these (jit): that
-- took 40 ms where a balance takes one.

CREATE OR REPLACE FUNCTION ledger_cut(day date, through integer)
RETURNS TABLE (event_id integer, after_day date, is_whole boolean)
LANGUAGE sql STABLE AS $$
    SELECT base.event_id, coalesce(base.last_day, '-infinity'::date),
           through IS NULL
           OR EXISTS (SELECT FROM ledger_close c WHERE c.last_day >= day AND c.through_seq <= through)
           OR (through >= (SELECT max(s.seq) FROM ledger_seal s) AND NOT EXISTS (SELECT FROM ledger_unsealed))
      FROM (SELECT) AS always
      LEFT JOIN (SELECT c.event_id, c.last_day FROM ledger_close c
                  WHERE (day IS NULL OR c.last_day <= day) AND (through IS NULL OR c.through_seq <= through)
                  ORDER BY c.yyyymm DESC LIMIT 1) AS base ON true
$$;


-- Of some accounts, over the covering indexes. An account may come in several rows: add them up.
DROP FUNCTION ledger_sums_of(integer[], date, integer);
CREATE FUNCTION ledger_sums_of(accounts integer[], day date, through integer)
RETURNS TABLE (account_id integer, debits numeric, credits numeric)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET jit = off AS $$
DECLARE
    cut record;
    last_day date := coalesce(day, 'infinity');
BEGIN
    SELECT * INTO cut FROM ledger_cut(day, through);
    IF cut.event_id IS NOT NULL THEN
        RETURN QUERY
            SELECT s.account_id, s.debits_minor::numeric, s.credits_minor::numeric
              FROM ledger_balancesnapshot s
             WHERE s.event_id = cut.event_id AND s.account_id = ANY (accounts);
    END IF;
    IF cut.after_day >= last_day THEN
        RETURN;
    ELSIF cut.is_whole THEN
        RETURN QUERY
            SELECT a.id,
                   (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p
                     WHERE p.debit = a.id AND p.effective_date > cut.after_day AND p.effective_date <= last_day),
                   (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p
                     WHERE p.credit = a.id AND p.effective_date > cut.after_day AND p.effective_date <= last_day)
              FROM unnest(accounts) AS a (id);
    ELSE
        RETURN QUERY
            SELECT a.id,
                   (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p JOIN ledger_seal s USING (entry_id)
                     WHERE p.debit = a.id AND p.effective_date > cut.after_day AND p.effective_date <= last_day
                       AND s.seq <= through),
                   (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p JOIN ledger_seal s USING (entry_id)
                     WHERE p.credit = a.id AND p.effective_date > cut.after_day AND p.effective_date <= last_day
                       AND s.seq <= through)
              FROM unnest(accounts) AS a (id);
    END IF;
END $$;


-- Of all accounts: after a close by the indexes, because then little is left to add; before any, and where the seals
-- have to be asked, in one pass over the postings, because few pairs of accounts come out of it.
DROP FUNCTION ledger_sums(date, integer);
CREATE FUNCTION ledger_sums(day date, through integer)
RETURNS TABLE (account_id integer, debits numeric, credits numeric)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET jit = off AS $$
DECLARE
    cut record;
    last_day date := coalesce(day, 'infinity');
BEGIN
    SELECT * INTO cut FROM ledger_cut(day, through);
    IF cut.event_id IS NOT NULL AND cut.is_whole THEN
        RETURN QUERY SELECT * FROM ledger_sums_of(ARRAY(SELECT a.id FROM ledger_account a), day, through);
    ELSIF cut.is_whole AND day IS NULL THEN
        RETURN QUERY
            WITH pairs AS (
                SELECT p.debit, p.credit, sum(p.amount_minor) AS amount FROM ledger_posting p GROUP BY p.debit, p.credit
            )
            SELECT debit, amount, 0::numeric FROM pairs UNION ALL SELECT credit, 0, amount FROM pairs;
    ELSIF cut.is_whole THEN
        RETURN QUERY
            WITH pairs AS (
                SELECT p.debit, p.credit, sum(p.amount_minor) AS amount FROM ledger_posting p
                 WHERE p.effective_date <= last_day GROUP BY p.debit, p.credit
            )
            SELECT debit, amount, 0::numeric FROM pairs UNION ALL SELECT credit, 0, amount FROM pairs;
    ELSE
        RETURN QUERY
            WITH pairs AS (
                SELECT p.debit, p.credit, sum(p.amount_minor) AS amount
                  FROM ledger_posting p JOIN ledger_seal s USING (entry_id)
                 WHERE p.effective_date > cut.after_day AND p.effective_date <= last_day AND s.seq <= through
                 GROUP BY p.debit, p.credit
            )
            SELECT debit, amount, 0::numeric FROM pairs
            UNION ALL
            SELECT credit, 0, amount FROM pairs
            UNION ALL
            SELECT s.account_id, s.debits_minor::numeric, s.credits_minor::numeric
              FROM ledger_balancesnapshot s WHERE s.event_id = cut.event_id;
    END IF;
END $$;
