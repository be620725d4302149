-- Two persons, each time; months that are locked without a deadlock; and a way back from a close that cannot be
-- finished.
--
-- Locks, always in this order: business rows (by table, then id); the calendar (7100, 0); months (7100, yyyymm); what
-- is written off by hand (7102, 0); the proofs of a month (7103, yyyymm); the sealer's (7101, 0). Who posts takes
-- month locks shared and in the order in which facts come, which need not ascend: so whoever wants months exclusively
-- never waits for one while holding another (ledger_lock_months).

-- All of these months, exclusively. Each is tried; one that is busy is waited for with none of the others held, and
-- then all are tried again. Who is posting into one month and comes to another is so never waited for in a circle.
CREATE FUNCTION ledger_lock_months(months integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    each_month integer;
    busy integer;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'months change at read committed only' USING ERRCODE = 'TS002';
    END IF;
    FOR attempt IN 1..10 LOOP
        BEGIN
            IF busy IS NOT NULL THEN
                PERFORM pg_advisory_xact_lock(7100, busy);
            END IF;
            FOREACH each_month IN ARRAY months LOOP
                IF NOT pg_try_advisory_xact_lock(7100, each_month) THEN
                    busy := each_month;
                    RAISE EXCEPTION 'month % is busy', each_month USING ERRCODE = 'TS018';
                END IF;
            END LOOP;
            RETURN;
        EXCEPTION WHEN SQLSTATE 'TS018' THEN
            NULL;  -- the months that were taken are free again
        END;
    END LOOP;
    RAISE EXCEPTION 'month % is busy', busy USING ERRCODE = '55P03';
END $$;


-- What two persons sign, as closing.sql says; and where the month stood, so that what was signed before it was closed,
-- reopened or opened by one person is not signed for what comes after. `before_event` and `without` leave out what the
-- close itself wrote: with them a close is figured again as it was signed.
CREATE FUNCTION ledger_close_content(month integer, before_event integer, without bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT encode(sha256(convert_to(
        format(E'close %s at %s after %s\n', month,
               coalesce((SELECT max(id) FROM ledger_periodevent WHERE period_id = month AND id < before_event), 0),
               coalesce((SELECT format('%s %s', c.event_id, encode(c.closing_hash, 'hex'))
                           FROM ledger_close c JOIN ledger_periodevent e ON e.id = c.event_id
                          WHERE c.yyyymm < month AND e.approval_id <> without
                          ORDER BY c.yyyymm DESC LIMIT 1), 'nothing'))
        || coalesce((SELECT string_agg(format('%s %s %s', account_id, debits, credits), E'\n' ORDER BY account_id)
                       FROM ledger_month_sums(month)), ''), 'UTF8')), 'hex')
$$;

CREATE OR REPLACE FUNCTION ledger_close_hash(month integer) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT ledger_close_content(month, 2147483647, 0)
$$;


-- The approval of a second person for exactly this, not used before: it is the last word that was said about it.
CREATE OR REPLACE FUNCTION ledger_two_persons(
    wanted text, content text, OUT approval bigint, OUT asked bigint, OUT approved bigint)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    last_word record;
BEGIN
    SELECT a.id, a.requested_by_id, a.decided_by_id, a.subject_hash, a.decision INTO last_word
      FROM people_approval a
     WHERE a.subject = wanted AND a.decision IN ('approved', 'refused')
     ORDER BY a.id DESC LIMIT 1;
    IF NOT FOUND OR last_word.decision <> 'approved' OR last_word.decided_by_id = last_word.requested_by_id
       OR EXISTS (SELECT FROM ledger_periodevent e WHERE e.approval_id = last_word.id) THEN
        RAISE EXCEPTION '% is not approved by a second person', wanted USING ERRCODE = 'TS010';
    ELSIF last_word.subject_hash IS DISTINCT FROM content THEN
        RAISE EXCEPTION '% is not what was approved any more', wanted USING ERRCODE = 'TS011';
    END IF;
    approval := last_word.id;
    asked := last_word.requested_by_id;
    approved := last_word.decided_by_id;
END $$;

-- Questions about a month that what became of it has overtaken: nobody answers them any more.
CREATE FUNCTION ledger_void_questions(months integer[], moment timestamptz) RETURNS void
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
    UPDATE people_approval SET decision = 'void', decided_at = moment
     WHERE decision = 'waiting'
       AND subject IN (SELECT format('ledger:%s:%s', what, m) FROM unnest(months) AS m,
                              unnest(ARRAY['close', 'reopen']) AS what)
$$;


-- As in closing.sql; the earlier months are looked at once more when they are locked, and what waits is void.
CREATE OR REPLACE FUNCTION ledger_begin_close(month integer, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found_state text;
    earlier integer;
    months integer[];
    persons record;
BEGIN
    PERFORM pg_advisory_xact_lock(7100, 0);
    PERFORM ledger_lock_months(ARRAY(
        SELECT yyyymm FROM ledger_period
         WHERE yyyymm < ledger_begin_close.month AND state <> 'closed' ORDER BY yyyymm) || month);
    SELECT state INTO found_state FROM ledger_period WHERE yyyymm = month FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'month % is not in the books', month USING ERRCODE = 'TS003';
    ELSIF found_state IN ('closing', 'closed') THEN
        RETURN false;
    ELSIF found_state <> 'soft_closed' THEN
        RAISE EXCEPTION 'month % is %: close it softly first', month, found_state USING ERRCODE = 'TS012';
    END IF;
    months := ARRAY(SELECT yyyymm FROM ledger_period
                     WHERE yyyymm < ledger_begin_close.month AND state <> 'closed' ORDER BY yyyymm FOR UPDATE);
    FOREACH earlier IN ARRAY months LOOP
        IF ledger_month_has_entries(earlier) THEN
            RAISE EXCEPTION 'month % is not closed and comes before %', earlier, month USING ERRCODE = 'TS013';
        END IF;
    END LOOP;
    SELECT * INTO persons FROM ledger_two_persons('ledger:close:' || month, ledger_close_hash(month));
    INSERT INTO ledger_periodevent (period_id, kind, by_id, approved_by_id, approval_id, at)
    SELECT m, 'closing', persons.asked, persons.approved, persons.approval, moment
      FROM unnest(months || month) AS m ORDER BY m;
    UPDATE ledger_period SET state = 'closing' WHERE yyyymm = ANY (months || month);
    PERFORM ledger_void_questions(months || month, moment);
    RETURN true;
END $$;


-- A close that cannot be finished, because something that the month holds cannot be sealed, is taken back. Nothing
-- rests on it yet, so one person does this; to close the month takes two again. Months that were to close along are as
-- before.
CREATE FUNCTION ledger_abort_close(month integer, person bigint, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found_state text;
    later integer;
BEGIN
    PERFORM pg_advisory_xact_lock(7100, 0);
    PERFORM ledger_lock_month(month);
    SELECT state INTO found_state FROM ledger_period WHERE yyyymm = month FOR UPDATE;
    IF found_state <> 'closing' THEN
        RAISE EXCEPTION 'month % is %, not closing', month, found_state USING ERRCODE = 'TS012';
    END IF;
    SELECT yyyymm INTO later FROM ledger_period
     WHERE yyyymm > ledger_abort_close.month AND state IN ('closing', 'closed') ORDER BY yyyymm LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'month % closes along with %', month, later USING ERRCODE = 'TS014';
    END IF;
    WITH back AS (
        UPDATE ledger_period p
           SET state = CASE WHEN p.yyyymm = ledger_abort_close.month OR before.kind IN ('soft_closed', 'reopened')
                            THEN 'soft_closed' ELSE 'open' END
          FROM ledger_period o
          LEFT JOIN LATERAL (SELECT e.kind FROM ledger_periodevent e
                              WHERE e.period_id = o.yyyymm AND e.kind <> 'closing'
                              ORDER BY e.id DESC LIMIT 1) before ON true
         WHERE o.yyyymm = p.yyyymm AND p.yyyymm <= ledger_abort_close.month AND p.state = 'closing'
        RETURNING p.yyyymm, p.state
    )
    INSERT INTO ledger_periodevent (period_id, kind, by_id, at)
    SELECT yyyymm, CASE state WHEN 'open' THEN 'opened' ELSE 'soft_closed' END, person, moment
      FROM back ORDER BY yyyymm;
    RETURN true;
END $$;


-- As in closing.sql, and what waits is void.
CREATE OR REPLACE FUNCTION ledger_reopen(month integer, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found_state text;
    later integer;
    persons record;
BEGIN
    PERFORM pg_advisory_xact_lock(7100, 0);
    found_state := ledger_lock_month(month);
    IF found_state <> 'closed' THEN
        RAISE EXCEPTION 'month % is %, not closed', month, found_state USING ERRCODE = 'TS012';
    END IF;
    SELECT yyyymm INTO later FROM ledger_period
     WHERE yyyymm > ledger_reopen.month AND state IN ('closing', 'closed') ORDER BY yyyymm LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'month % is not the latest one that is closed: % comes after it', month, later
            USING ERRCODE = 'TS014';
    END IF;
    SELECT * INTO persons FROM ledger_two_persons('ledger:reopen:' || month, ledger_reopen_hash(month));
    INSERT INTO ledger_periodevent (period_id, kind, by_id, approved_by_id, approval_id, at)
    VALUES (month, 'reopened', persons.asked, persons.approved, persons.approval, moment);
    UPDATE ledger_period SET state = 'soft_closed' WHERE yyyymm = month;
    PERFORM ledger_void_questions(ARRAY[month], moment);
    RETURN true;
END $$;


-- As in closing.sql, with the months locked as above.
CREATE OR REPLACE FUNCTION ledger_close_account(account integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was_open boolean;
    rest bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7100, 0);
    PERFORM ledger_lock_months(ARRAY(SELECT yyyymm FROM ledger_period WHERE state <> 'closed' ORDER BY yyyymm));
    SELECT is_open INTO was_open FROM ledger_account WHERE id = account FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no account %', account USING ERRCODE = 'TS017';
    ELSIF NOT was_open THEN
        RETURN false;
    END IF;
    SELECT coalesce(sum(amount_minor), 0) INTO rest FROM leg WHERE account_id = account;
    IF rest <> 0 THEN
        RAISE EXCEPTION 'account % is not at zero but at %', account, rest USING ERRCODE = 'TS016';
    END IF;
    PERFORM ledger_two_persons('ledger:close-account:' || account, ledger_account_hash(account));
    UPDATE ledger_account SET is_open = false WHERE id = account;
    RETURN true;
END $$;

REVOKE EXECUTE ON FUNCTION ledger_abort_close(integer, bigint, timestamptz) FROM PUBLIC;
