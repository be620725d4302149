CREATE OR REPLACE FUNCTION ledger_close_account(account integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    open_month integer;
    was_open boolean;
    rest bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7100, 0);
    FOR open_month IN SELECT yyyymm FROM ledger_period WHERE state <> 'closed' ORDER BY yyyymm LOOP
        PERFORM ledger_lock_month(open_month);
    END LOOP;
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
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION ledger_begin_close(month integer, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found_state text;
    earlier integer;
    months integer[];
    persons record;
BEGIN
    PERFORM pg_advisory_xact_lock(7100, 0);
    SELECT array_agg(yyyymm ORDER BY yyyymm) INTO months FROM ledger_period
     WHERE yyyymm < ledger_begin_close.month AND state <> 'closed';
    FOREACH earlier IN ARRAY coalesce(months, '{}') LOOP
        PERFORM ledger_lock_month(earlier);
    END LOOP;
    found_state := ledger_lock_month(month);
    IF found_state IN ('closing', 'closed') THEN
        RETURN false;
    ELSIF found_state <> 'soft_closed' THEN
        RAISE EXCEPTION 'month % is %: close it softly first', month, found_state USING ERRCODE = 'TS012';
    END IF;
    FOREACH earlier IN ARRAY coalesce(months, '{}') LOOP
        IF ledger_month_has_entries(earlier) THEN
            RAISE EXCEPTION 'month % is not closed and comes before %', earlier, month USING ERRCODE = 'TS013';
        END IF;
    END LOOP;
    SELECT * INTO persons FROM ledger_two_persons('ledger:close:' || month, ledger_close_hash(month));
    INSERT INTO ledger_periodevent (period_id, kind, by_id, approved_by_id, approval_id, at)
    SELECT m, 'closing', persons.asked, persons.approved, persons.approval, moment
      FROM unnest(months || month) AS m ORDER BY m;
    UPDATE ledger_period SET state = 'closing' WHERE yyyymm = ANY (months || month);
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION ledger_two_persons(wanted text, content text, OUT approval bigint, OUT asked bigint, OUT approved bigint)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    signed text;
BEGIN
    SELECT a.id, a.requested_by_id, a.decided_by_id, a.subject_hash INTO approval, asked, approved, signed
      FROM people_approval a
     WHERE a.subject = wanted AND a.decision = 'approved' AND a.decided_by_id <> a.requested_by_id
       AND NOT EXISTS (SELECT FROM ledger_periodevent e WHERE e.approval_id = a.id)
     ORDER BY a.id DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is not approved by a second person', wanted USING ERRCODE = 'TS010';
    ELSIF signed IS DISTINCT FROM content THEN
        RAISE EXCEPTION '% is not what was approved any more', wanted USING ERRCODE = 'TS011';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION ledger_close_hash(month integer) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT encode(sha256(convert_to(
        format(E'close %s after %s\n', month,
               coalesce((SELECT format('%s %s', event_id, encode(closing_hash, 'hex')) FROM ledger_close
                          WHERE yyyymm < month ORDER BY yyyymm DESC LIMIT 1), 'nothing'))
        || coalesce((SELECT string_agg(format('%s %s %s', account_id, debits, credits), E'\n' ORDER BY account_id)
                       FROM ledger_month_sums(month)), ''), 'UTF8')), 'hex')
$$;

DROP FUNCTION ledger_abort_close(integer, bigint, timestamptz);
DROP FUNCTION ledger_void_questions(integer[], timestamptz);
DROP FUNCTION ledger_close_content(integer, integer, bigint);
DROP FUNCTION ledger_lock_months(integer[]);
