DROP FUNCTION ledger_sums(date, integer);
DROP FUNCTION ledger_sums_of(integer[], date, integer);
DROP FUNCTION ledger_cut(date, integer);

CREATE FUNCTION ledger_cut(day date, through integer)
RETURNS TABLE (event_id integer, after_day date, is_whole boolean)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT base.event_id, coalesce(base.last_day, '-infinity'::date),
           through IS NULL
           OR EXISTS (SELECT FROM ledger_close c WHERE c.last_day >= day AND c.through_seq <= through)
           OR (through >= (SELECT max(s.seq) FROM ledger_seal s) AND NOT EXISTS (SELECT FROM ledger_unsealed))
      FROM (SELECT) AS always
      LEFT JOIN (SELECT c.event_id, c.last_day FROM ledger_close c
                  WHERE c.last_day <= day AND (through IS NULL OR c.through_seq <= through)
                  ORDER BY c.yyyymm DESC LIMIT 1) AS base ON true
$$;


-- Of some accounts, over the covering indexes. An account may come in several rows: add them up.
CREATE FUNCTION ledger_sums_of(accounts integer[], day date, through integer)
RETURNS TABLE (account_id integer, debits numeric, credits numeric)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH cut AS MATERIALIZED (SELECT * FROM ledger_cut(day, through))
    SELECT s.account_id, s.debits_minor::numeric, s.credits_minor::numeric
      FROM ledger_balancesnapshot s
     WHERE s.event_id = (SELECT event_id FROM cut) AND s.account_id = ANY (accounts)
    UNION ALL
    SELECT a.id,
           (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p
             WHERE p.debit = a.id AND p.effective_date > (SELECT after_day FROM cut) AND p.effective_date <= day),
           (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p
             WHERE p.credit = a.id AND p.effective_date > (SELECT after_day FROM cut) AND p.effective_date <= day)
      FROM unnest(accounts) AS a (id)
     WHERE (SELECT is_whole FROM cut)
    UNION ALL
    SELECT a.id,
           (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p JOIN ledger_seal s USING (entry_id)
             WHERE p.debit = a.id AND p.effective_date > (SELECT after_day FROM cut) AND p.effective_date <= day
               AND s.seq <= through),
           (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p JOIN ledger_seal s USING (entry_id)
             WHERE p.credit = a.id AND p.effective_date > (SELECT after_day FROM cut) AND p.effective_date <= day
               AND s.seq <= through)
      FROM unnest(accounts) AS a (id)
     WHERE NOT (SELECT is_whole FROM cut)
$$;


-- Of all accounts: before any close, and where the seals have to be asked, in one pass over the postings, because few
-- pairs of accounts come out of it; after a close by the indexes, because then little is left to add.
CREATE FUNCTION ledger_sums(day date, through integer)
RETURNS TABLE (account_id integer, debits numeric, credits numeric)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH cut AS MATERIALIZED (SELECT * FROM ledger_cut(day, through)),
    pairs AS (
        SELECT p.debit, p.credit, sum(p.amount_minor) AS amount
          FROM ledger_posting p
         WHERE p.effective_date <= day AND (SELECT is_whole AND event_id IS NULL FROM cut)
         GROUP BY p.debit, p.credit
        UNION ALL
        SELECT p.debit, p.credit, sum(p.amount_minor)
          FROM ledger_posting p JOIN ledger_seal s USING (entry_id)
         WHERE p.effective_date > (SELECT after_day FROM cut) AND p.effective_date <= day AND s.seq <= through
           AND (SELECT NOT is_whole FROM cut)
         GROUP BY p.debit, p.credit
    )
    SELECT s.account_id, s.debits_minor::numeric, s.credits_minor::numeric
      FROM ledger_balancesnapshot s
     WHERE s.event_id = (SELECT event_id FROM cut)
    UNION ALL
    SELECT debit, amount, 0 FROM pairs
    UNION ALL
    SELECT credit, 0, amount FROM pairs
    UNION ALL
    SELECT a.id,
           (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p
             WHERE p.debit = a.id AND p.effective_date > (SELECT after_day FROM cut) AND p.effective_date <= day),
           (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p
             WHERE p.credit = a.id AND p.effective_date > (SELECT after_day FROM cut) AND p.effective_date <= day)
      FROM ledger_account a
     WHERE (SELECT is_whole AND event_id IS NOT NULL FROM cut)
$$;
