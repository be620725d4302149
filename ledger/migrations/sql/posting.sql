-- The poster in one call, and guards whose cost does not depend on what the session did before (rules/sealing.md
-- "Poster"). A function plans each of its statements once, with the sizes of its first call: after an import a single
-- entry would read the whole table of entries. So what is asked for row by row stands behind OFFSET 0 or in a scalar
-- subquery, which no plan turns into a pass over the books.

-- {key: [entry id, facts hash in hex, effective date]} of those entries that are in the books.
CREATE FUNCTION ledger_known(entries jsonb) RETURNS jsonb
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
    SELECT coalesce(jsonb_object_agg(k.key, jsonb_build_array(k.id, encode(k.facts_hash, 'hex'), k.effective_date)),
                    '{}')
      FROM jsonb_to_recordset(entries) AS d(key text)
     CROSS JOIN LATERAL (SELECT e.idempotency_key AS key, e.id, e.facts_hash, e.effective_date
                           FROM ledger_entry e WHERE e.idempotency_key = d.key OFFSET 0) k
$$;


-- Writes those entries that are not in the books yet; the arguments are as `post` in ledger/statements.py makes them.
-- It answers with what was there already (`known`) and the ids of what it wrote (`written`), or, nothing written, with
-- what the caller has to mend first: days that their month does not take (`moved`), accounts and reversed entries that
-- are not there. Month locks are taken ascending, and only for keys that are new; ledger_open_day in guards.sql says
-- why the days found hold until commit. Each statement sees what was committed before it, so a rival's entry is waited
-- for and then known.
CREATE FUNCTION ledger_post(
    entries jsonb, postings jsonb, accounts jsonb,
    OUT known jsonb, OUT moved jsonb, OUT no_accounts jsonb, OUT no_reversed jsonb, OUT written jsonb)
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    account_ids integer[];
    entry_ids integer[];
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'entries are posted at read committed only' USING ERRCODE = 'TS002';
    END IF;
    known := ledger_known(entries);
    IF (SELECT count(*) FROM jsonb_object_keys(known)) = jsonb_array_length(entries) THEN
        RETURN;
    END IF;

    SELECT jsonb_agg(jsonb_build_array(day, by_hand, open_day)) FILTER (WHERE open_day IS DISTINCT FROM day)
      INTO moved
      FROM (SELECT day, by_hand, ledger_open_day(day, by_hand) AS open_day
              FROM (SELECT DISTINCT d.day, d.kind = 'manual' AS by_hand
                      FROM jsonb_to_recordset(entries) AS d(key text, kind text, day date)
                     WHERE NOT known ? d.key
                     ORDER BY 1, 2) AS ascending) AS days;
    SELECT array_agg(w.id ORDER BY w.place),
           jsonb_agg(jsonb_build_array(w.purpose, w.owner, w.currency)) FILTER (WHERE w.id IS NULL)
      INTO account_ids, no_accounts
      FROM (SELECT r.purpose, r.owner, r.currency, r.place,
                   (SELECT a.id FROM ledger_account a
                     WHERE (a.purpose, a.owner, a.currency) = (r.purpose, r.owner, r.currency)) AS id
              FROM ROWS FROM (jsonb_to_recordset(accounts) AS (purpose text, owner text, currency text))
                   WITH ORDINALITY AS r(purpose, owner, currency, place)) AS w;
    SELECT jsonb_agg(jsonb_build_array(d.key, d.reverses)) INTO no_reversed
      FROM jsonb_to_recordset(entries) AS d(key text, reverses text)
     WHERE d.reverses IS NOT NULL AND NOT known ? d.key
       AND (SELECT e.id FROM ledger_entry e WHERE e.idempotency_key = d.reverses) IS NULL;
    IF moved IS NOT NULL OR no_accounts IS NOT NULL OR no_reversed IS NOT NULL THEN
        RETURN;
    END IF;

    WITH fresh AS (
        INSERT INTO ledger_entry (idempotency_key, kind, source, facts_hash, content_hash, effective_date, event_at,
                                  reverses_id, actor, memo)
        SELECT d.key, d.kind, d.source, decode(d.facts, 'hex'), decode(d.content, 'hex'), d.day, d.event_at,
               (SELECT e.id FROM ledger_entry e WHERE e.idempotency_key = d.reverses), d.actor, d.memo
          FROM jsonb_to_recordset(entries)
            AS d(key text, kind text, source text, facts text, content text, day date, event_at timestamptz,
                 reverses text, actor text, memo text)
         WHERE NOT known ? d.key
            ON CONFLICT (idempotency_key) DO NOTHING
        RETURNING idempotency_key, id
    )
    SELECT coalesce(jsonb_object_agg(idempotency_key, id), '{}') INTO written FROM fresh;
    SELECT array_agg((written->>r.key)::integer ORDER BY r.place) INTO entry_ids
      FROM ROWS FROM (jsonb_to_recordset(entries) AS (key text)) WITH ORDINALITY AS r(key, place);
    INSERT INTO ledger_posting (entry_id, ordinal, debit, credit, currency, amount_minor, effective_date)
    SELECT entry_ids[p.entry], p.ordinal, account_ids[p.debit], account_ids[p.credit], p.currency, p.amount, p.day
      FROM jsonb_to_recordset(postings)
        AS p(entry integer, ordinal smallint, debit integer, credit integer, currency text, amount bigint, day date)
     WHERE entry_ids[p.entry] IS NOT NULL;
    IF array_position(entry_ids, NULL) IS NOT NULL THEN
        known := ledger_known(entries) - ARRAY(SELECT jsonb_object_keys(written));
    END IF;
END $$;


-- As in seals.sql, at the price of the rows that are written. It also holds what the postings' foreign keys held, which
-- asked row by row (docs/decisions/0018): entry and accounts are there, the accounts in the posting's currency. None of
-- them goes away again: other guards refuse that.
CREATE OR REPLACE FUNCTION ledger_guard_new_postings() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    fault record;
BEGIN
    SELECT f.entry_id,
           CASE WHEN e.created_xid IS DISTINCT FROM pg_current_xact_id() THEN 'was written by another transaction'
                WHEN e.effective_date <> f.first_day OR e.effective_date <> f.last_day
                THEN 'has another effective date'
                WHEN f.sealed IS NOT NULL THEN 'is sealed'
                ELSE 'has postings that are not written at once, each with its own ordinal' END AS what
      INTO fault
      FROM (SELECT entry_id, count(*) AS rows, count(DISTINCT ordinal) AS ordinals,
                   min(effective_date) AS first_day, max(effective_date) AS last_day,
                   (SELECT s.seq FROM ledger_seal s WHERE s.entry_id = fresh.entry_id) AS sealed,
                   (SELECT count(*) FROM ledger_posting p WHERE p.entry_id = fresh.entry_id) AS all_rows
              FROM fresh GROUP BY entry_id OFFSET 0) f
      LEFT JOIN LATERAL (SELECT created_xid, effective_date FROM ledger_entry WHERE id = f.entry_id OFFSET 0) e ON true
     WHERE e.created_xid IS DISTINCT FROM pg_current_xact_id()
        OR e.effective_date <> f.first_day OR e.effective_date <> f.last_day
        OR f.sealed IS NOT NULL
        OR f.rows <> f.ordinals OR f.rows <> f.all_rows
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a posting is refused: entry % %', fault.entry_id, fault.what USING ERRCODE = '23514';
    END IF;
    SELECT a.account, (SELECT is_open FROM ledger_account WHERE id = a.account AND currency = a.currency) AS is_open
      INTO fault
      FROM (SELECT debit AS account, currency FROM fresh UNION SELECT credit, currency FROM fresh) a
     WHERE (SELECT is_open FROM ledger_account WHERE id = a.account AND currency = a.currency) IS NOT TRUE
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a posting is refused: entry % names %',
            (SELECT min(entry_id) FROM fresh WHERE fault.account IN (debit, credit)),
            CASE WHEN fault.is_open IS NULL THEN 'an account of another currency, or none' ELSE 'a closed account' END
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;


-- As in seals.sql, at the price of the seals that are written.
CREATE OR REPLACE FUNCTION ledger_guard_new_seals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first_seq integer;
    last_seq integer;
    number_of integer;
    head_seq integer;
    head_hash bytea;
    fault integer;
    unqueued integer;
BEGIN
    SELECT min(seq), max(seq), count(*) INTO first_seq, last_seq, number_of FROM fresh;
    IF number_of = 0 THEN
        RETURN NULL;
    END IF;
    SELECT seq, hash INTO head_seq, head_hash FROM ledger_seal WHERE seq < first_seq ORDER BY seq DESC LIMIT 1;
    IF first_seq <> coalesce(head_seq, 0) + 1 OR last_seq - first_seq + 1 <> number_of
       OR EXISTS (SELECT FROM ledger_seal WHERE seq > last_seq) THEN
        RAISE EXCEPTION 'seals % to % do not go on from %', first_seq, last_seq, coalesce(head_seq, 0)
            USING ERRCODE = '23514';
    END IF;
    SELECT s.seq INTO fault
      FROM (SELECT seq, prev_hash, hash, canonical,
                   lag(hash, 1, coalesce(head_hash, decode(repeat('00', 32), 'hex'))) OVER (ORDER BY seq) AS before,
                   (SELECT e.content_hash FROM ledger_entry e WHERE e.id = fresh.entry_id) AS content_hash
              FROM fresh) s
     WHERE s.prev_hash <> s.before
        OR s.hash <> sha256('\x02'::bytea || s.prev_hash || s.canonical)
        OR s.content_hash IS DISTINCT FROM sha256(s.canonical)
     ORDER BY s.seq LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'seal % does not chain its entry to the one before', fault USING ERRCODE = '23514';
    END IF;
    DELETE FROM ledger_unsealed WHERE entry_id = ANY (ARRAY(SELECT entry_id FROM fresh));
    GET DIAGNOSTICS unqueued = ROW_COUNT;
    IF unqueued <> number_of THEN
        RAISE EXCEPTION 'of seals % to % only % had waited', first_seq, last_seq, unqueued USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_guard_queue() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM gone WHERE (SELECT s.seq FROM ledger_seal s WHERE s.entry_id = gone.entry_id) IS NULL) THEN
        RAISE EXCEPTION 'an entry waits until it is sealed' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
