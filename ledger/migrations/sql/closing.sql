-- Months close, account by account to the cent, and stay as they were (rules/sealing.md "Closer"). State changes go
-- through the functions below, which take the locks and find two persons; the application role may only call them.
-- Locks, always in this order: the calendar (7100, 0), months ascending (7100, yyyymm), the sealer's (7101, 0).

ALTER TABLE ledger_periodevent
    ADD CONSTRAINT periodevent_hash_is_sha256 CHECK (octet_length(closing_hash) = 32);
ALTER TABLE ledger_anchor
    ADD CONSTRAINT anchor_hash_is_sha256 CHECK (octet_length(hash) = 32);

CREATE TRIGGER ledger_periodevent_append_only BEFORE UPDATE OR DELETE ON ledger_periodevent
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_periodevent_no_truncate BEFORE TRUNCATE ON ledger_periodevent
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_balancesnapshot_append_only BEFORE UPDATE OR DELETE ON ledger_balancesnapshot
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_balancesnapshot_no_truncate BEFORE TRUNCATE ON ledger_balancesnapshot
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_anchor_append_only BEFORE UPDATE OR DELETE ON ledger_anchor
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_anchor_no_truncate BEFORE TRUNCATE ON ledger_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();


CREATE FUNCTION ledger_month_start(month integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN make_date(month / 100, month % 100, 1);

CREATE FUNCTION ledger_month_end(month integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (make_date(month / 100, month % 100, 1) + interval '1 month' - interval '1 day')::date;


-- A month comes into the books open, and never before one that was closed: there it would change what is closed.
CREATE FUNCTION ledger_guard_new_periods() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    fault integer;
BEGIN
    SELECT yyyymm INTO fault FROM fresh WHERE state <> 'open' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'month % comes into the books open', fault USING ERRCODE = '23514';
    END IF;
    PERFORM pg_advisory_xact_lock(7100, 0) FROM fresh LIMIT 1;
    SELECT f.yyyymm INTO fault FROM fresh f
     WHERE EXISTS (SELECT FROM ledger_period p WHERE p.yyyymm > f.yyyymm AND p.state IN ('closing', 'closed')) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'month % lies before one that is closed', fault USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_new_periods AFTER INSERT ON ledger_period
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_new_periods();


-- The closes that hold: a reopened month is not among them until it is closed again.
CREATE VIEW ledger_close AS
    SELECT p.yyyymm, e.id AS event_id, e.through_seq, e.closing_hash, ledger_month_end(p.yyyymm) AS last_day
      FROM ledger_period p
      JOIN LATERAL (SELECT id, kind, through_seq, closing_hash FROM ledger_periodevent
                     WHERE period_id = p.yyyymm ORDER BY id DESC LIMIT 1) e ON e.kind = 'closed'
     WHERE p.state = 'closed';


-- What moved in a month. By account over the covering indexes, so that it costs what the month holds, not history.
CREATE FUNCTION ledger_month_sums(month integer) RETURNS TABLE (account_id integer, debits bigint, credits bigint)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    first_day date := ledger_month_start(month);
    last_day date := ledger_month_end(month);
BEGIN
    RETURN QUERY
        SELECT a.id, d.total, c.total
          FROM ledger_account a
         CROSS JOIN LATERAL (SELECT coalesce(sum(p.amount_minor), 0)::bigint AS total FROM ledger_posting p
                              WHERE p.debit = a.id AND p.effective_date BETWEEN first_day AND last_day) d
         CROSS JOIN LATERAL (SELECT coalesce(sum(p.amount_minor), 0)::bigint AS total FROM ledger_posting p
                              WHERE p.credit = a.id AND p.effective_date BETWEEN first_day AND last_day) c
         WHERE d.total > 0 OR c.total > 0;
END $$;

CREATE FUNCTION ledger_month_has_entries(month integer) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    first_day date := ledger_month_start(month);
    last_day date := ledger_month_end(month);
BEGIN
    RETURN EXISTS (
        SELECT FROM ledger_account a
         WHERE EXISTS (SELECT FROM ledger_posting p
                        WHERE p.debit = a.id AND p.effective_date BETWEEN first_day AND last_day));
END $$;


-- What two persons sign. Entries are only ever added and amounts are above zero, so a month whose sums are the same
-- holds the same entries; the close before is part of it, so it cannot be exchanged underneath.
CREATE FUNCTION ledger_close_hash(month integer) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT encode(sha256(convert_to(
        format(E'close %s after %s\n', month,
               coalesce((SELECT format('%s %s', event_id, encode(closing_hash, 'hex')) FROM ledger_close
                          WHERE yyyymm < month ORDER BY yyyymm DESC LIMIT 1), 'nothing'))
        || coalesce((SELECT string_agg(format('%s %s %s', account_id, debits, credits), E'\n' ORDER BY account_id)
                       FROM ledger_month_sums(month)), ''), 'UTF8')), 'hex')
$$;

CREATE FUNCTION ledger_reopen_hash(month integer) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT encode(sha256(convert_to(
        format('reopen %s %s %s', yyyymm, event_id, encode(closing_hash, 'hex')), 'UTF8')), 'hex')
      FROM ledger_close WHERE yyyymm = month
$$;

CREATE FUNCTION ledger_account_hash(account integer) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT encode(sha256(convert_to(
        format('close account %s %s %s %s', id, purpose, owner, currency), 'UTF8')), 'hex')
      FROM ledger_account WHERE id = account
$$;

-- The approval of a second person for exactly this, not used before.
CREATE FUNCTION ledger_two_persons(wanted text, content text, OUT approval bigint, OUT asked bigint, OUT approved bigint)
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

CREATE FUNCTION ledger_lock_month(month integer) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    found_state text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'months change at read committed only' USING ERRCODE = 'TS002';
    END IF;
    PERFORM pg_advisory_xact_lock(7100, month);
    SELECT state INTO found_state FROM ledger_period WHERE yyyymm = month;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'month % is not in the books', month USING ERRCODE = 'TS003';
    END IF;
    RETURN found_state;
END $$;


-- Softly closed, only entries by hand may come; `soft` false takes it back. One person does this.
CREATE FUNCTION ledger_soft_close(month integer, soft boolean, person bigint, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wanted text := CASE WHEN soft THEN 'soft_closed' ELSE 'open' END;
    found_state text := ledger_lock_month(month);
BEGIN
    IF found_state = wanted THEN
        RETURN false;
    ELSIF found_state NOT IN ('open', 'soft_closed') THEN
        RAISE EXCEPTION 'month % is %', month, found_state USING ERRCODE = 'TS012';
    END IF;
    INSERT INTO ledger_periodevent (period_id, kind, by_id, at)
    VALUES (month, CASE WHEN soft THEN 'soft_closed' ELSE 'opened' END, person, moment);
    UPDATE ledger_period SET state = wanted WHERE yyyymm = month;
    RETURN true;
END $$;


-- Step A: from its commit no entry of the month can appear. Earlier months that hold nothing close along with it; one
-- that holds something has to be closed first. False: it was begun before.
CREATE FUNCTION ledger_begin_close(month integer, moment timestamptz) RETURNS boolean
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


-- Step C, once all that the month holds is sealed: the snapshot before it, and what the month moved.
CREATE FUNCTION ledger_finish_close(month integer, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found_state text;
    each_month integer;
    event integer;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'months change at read committed only' USING ERRCODE = 'TS002';
    END IF;
    SELECT state INTO found_state FROM ledger_period WHERE yyyymm = month FOR UPDATE;
    IF found_state = 'closed' THEN
        RETURN false;
    ELSIF found_state IS DISTINCT FROM 'closing' THEN
        RAISE EXCEPTION 'month % is %, not closing', month, coalesce(found_state, 'not in the books')
            USING ERRCODE = 'TS012';
    END IF;
    IF EXISTS (SELECT FROM ledger_unsealed u JOIN ledger_entry e ON e.id = u.entry_id
                WHERE e.effective_date <= ledger_month_end(month)) THEN
        RAISE EXCEPTION 'month % holds entries that are not sealed', month USING ERRCODE = 'TS015';
    END IF;
    FOR each_month IN
        SELECT yyyymm FROM ledger_period
         WHERE yyyymm <= ledger_finish_close.month AND state = 'closing' ORDER BY yyyymm FOR UPDATE
    LOOP
        INSERT INTO ledger_periodevent
            (period_id, kind, by_id, approved_by_id, approval_id, at, through_seq, closing_hash)
        SELECT each_month, 'closed', e.by_id, e.approved_by_id, e.approval_id, moment, coalesce(s.seq, 0),
               coalesce(s.hash, decode(repeat('00', 32), 'hex'))
          FROM (SELECT * FROM ledger_periodevent WHERE period_id = each_month ORDER BY id DESC LIMIT 1) e
          LEFT JOIN (SELECT seq, hash FROM ledger_seal ORDER BY seq DESC LIMIT 1) s ON true
        RETURNING id INTO event;
        INSERT INTO ledger_balancesnapshot (event_id, account_id, debits_minor, credits_minor)
        SELECT event, account_id, sum(debits), sum(credits)
          FROM (SELECT account_id, debits_minor AS debits, credits_minor AS credits FROM ledger_balancesnapshot
                 WHERE event_id = (SELECT event_id FROM ledger_close WHERE yyyymm < each_month
                                    ORDER BY yyyymm DESC LIMIT 1)
                UNION ALL
                SELECT account_id, debits, credits FROM ledger_month_sums(each_month)) s
         GROUP BY account_id;
        UPDATE ledger_period SET state = 'closed' WHERE yyyymm = each_month;
    END LOOP;
    RETURN true;
END $$;


-- The latest closed month only, and only by two persons. It comes back softly closed; what it was stays in its events
-- and snapshots.
CREATE FUNCTION ledger_reopen(month integer, moment timestamptz) RETURNS boolean
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


-- An account at zero takes no more postings. All open months are locked first, so nobody is posting to it meanwhile.
CREATE FUNCTION ledger_close_account(account integer) RETURNS boolean
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

REVOKE EXECUTE ON FUNCTION
    ledger_soft_close(integer, boolean, bigint, timestamptz), ledger_begin_close(integer, timestamptz),
    ledger_finish_close(integer, timestamptz), ledger_reopen(integer, timestamptz), ledger_close_account(integer)
    FROM PUBLIC;
