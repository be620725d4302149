-- Money hangs on these steps, so the database holds them: a batch is approved by a second person in exactly its form,
-- a payout leaves only out of an approved batch, and what a payout, an attempt or a destination says stays.
-- ERRCODE 23514 reaches Django as IntegrityError.

CREATE FUNCTION partners_step(what text, was text, becomes text, VARIADIC steps text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF was <> becomes AND NOT was || '>' || becomes = ANY (steps) THEN
        RAISE EXCEPTION '% does not go from % to %', what, was, becomes USING ERRCODE = '23514';
    END IF;
END $$;

CREATE FUNCTION partners_same(what text, was jsonb, becomes jsonb, VARIADIC may_change text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF was - may_change IS DISTINCT FROM becomes - may_change THEN
        RAISE EXCEPTION '% does not change: make a new one', what USING ERRCODE = '23514';
    END IF;
END $$;

CREATE FUNCTION partners_is_approved(wanted text, hash text, asked_by bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM people_approval a
                    WHERE a.subject = wanted AND a.subject_hash = hash AND a.decision = 'approved'
                      AND a.decided_by_id <> asked_by)
$$;


CREATE FUNCTION partners_payoutbatch_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE EXCEPTION 'a payout batch begins as a proposal' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    PERFORM partners_step('payout batch ' || OLD.id, OLD.state, NEW.state,
        'proposed>approved', 'approved>proposed', 'approved>sent', 'sent>settled', 'settled>sent', 'proposed>refused');
    PERFORM partners_same('payout batch ' || OLD.id, to_jsonb(OLD), to_jsonb(NEW),
        'state', 'content_hash', 'revision', 'sent_by_id', 'sent_at', 'settled_at');
    IF NEW.state IN ('sent', 'settled', 'refused') AND OLD.state = NEW.state
       AND (NEW.content_hash, NEW.revision) IS DISTINCT FROM (OLD.content_hash, OLD.revision) THEN
        RAISE EXCEPTION 'payout batch % was sent or refused and is edited no more', OLD.id USING ERRCODE = '23514';
    END IF;
    IF OLD.state <> NEW.state AND NEW.state IN ('approved', 'sent') AND OLD.state <> 'settled'
       AND NOT partners_is_approved('payout_batch:' || NEW.id, NEW.content_hash, NEW.proposed_by_id) THEN
        RAISE EXCEPTION 'payout batch % is not approved in this form by a second person', NEW.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER partners_payoutbatch_steps BEFORE INSERT OR UPDATE ON partners_payoutbatch
    FOR EACH ROW EXECUTE FUNCTION partners_payoutbatch_steps();


CREATE FUNCTION partners_partnerpayout_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE EXCEPTION 'a payout begins as a proposal' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    PERFORM partners_step('payout ' || OLD.id, OLD.state, NEW.state,
        'proposed>submitting', 'proposed>in_flight', 'proposed>released',
        'submitting>unknown', 'submitting>in_flight', 'submitting>failed',
        'unknown>in_flight', 'unknown>failed',
        'in_flight>settled', 'in_flight>failed', 'settled>in_flight', 'settled>returned',
        'failed>submitting', 'failed>in_flight', 'failed>released');
    IF OLD.state <> 'proposed' THEN
        PERFORM partners_same('payout ' || OLD.id, to_jsonb(OLD), to_jsonb(NEW), 'state', 'settled_on', 'returned_on');
    END IF;
    IF OLD.state IN ('proposed', 'failed') AND NEW.state IN ('submitting', 'in_flight')
       AND NOT EXISTS (SELECT FROM partners_payoutbatch b
                        WHERE b.id = NEW.batch_id AND b.state IN ('approved', 'sent', 'settled')
                          AND partners_is_approved('payout_batch:' || b.id, b.content_hash, b.proposed_by_id)) THEN
        RAISE EXCEPTION 'payout % stands in no approved batch', NEW.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER partners_partnerpayout_steps BEFORE INSERT OR UPDATE ON partners_partnerpayout
    FOR EACH ROW EXECUTE FUNCTION partners_partnerpayout_steps();


CREATE FUNCTION partners_payoutattempt_steps() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    payout partners_partnerpayout%ROWTYPE;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT * INTO payout FROM partners_partnerpayout WHERE id = NEW.payout_id;
        IF (NEW.amount_minor, NEW.method) IS DISTINCT FROM (payout.amount_minor, payout.method)
           OR NEW.paid_to_id IS DISTINCT FROM payout.paid_to_id THEN
            RAISE EXCEPTION 'an attempt sends what its payout says, where it says' USING ERRCODE = '23514';
        END IF;
        IF NEW.state NOT IN ('submitting', 'in_flight') THEN
            RAISE EXCEPTION 'an attempt begins by being sent' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    PERFORM partners_step('attempt ' || OLD.key, OLD.state, NEW.state,
        'submitting>unknown', 'submitting>in_flight', 'submitting>failed', 'submitting>voided',
        'unknown>in_flight', 'unknown>failed',
        'in_flight>settled', 'in_flight>failed', 'in_flight>voided', 'settled>in_flight', 'settled>returned');
    PERFORM partners_same('attempt ' || OLD.key, to_jsonb(OLD), to_jsonb(NEW),
        'state', 'external_id', 'failure_code', 'settled_entry_id', 'back_entry_id', 'ended_at');
    IF OLD.external_id <> '' AND NEW.external_id <> OLD.external_id THEN
        RAISE EXCEPTION 'attempt % is known as % outside', OLD.key, OLD.external_id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER partners_payoutattempt_steps BEFORE INSERT OR UPDATE ON partners_payoutattempt
    FOR EACH ROW EXECUTE FUNCTION partners_payoutattempt_steps();


CREATE FUNCTION partners_payoutdestination_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'pending' OR NEW.edited_by_id IS NULL THEN
            RAISE EXCEPTION 'a destination begins by waiting for its call-back' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    PERFORM partners_step('destination ' || OLD.id, OLD.state, NEW.state,
        'pending>active', 'pending>refused', 'active>retired');
    -- New keys write the same numbers again; the fingerprint stays.
    PERFORM partners_same('destination ' || OLD.id, to_jsonb(OLD), to_jsonb(NEW),
        'state', 'sealed_numbers', 'stripe_ready_at', 'activated_at', 'ended_at');
    IF OLD.state = 'pending' AND NEW.state = 'active'
       AND NOT partners_is_approved('payout_destination:' || NEW.id, NEW.content_hash, NEW.edited_by_id) THEN
        RAISE EXCEPTION 'destination % was not confirmed by a second person', NEW.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER partners_payoutdestination_steps BEFORE INSERT OR UPDATE ON partners_payoutdestination
    FOR EACH ROW EXECUTE FUNCTION partners_payoutdestination_steps();


CREATE FUNCTION partners_payouthold_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM partners_same('hold ' || OLD.id, to_jsonb(OLD), to_jsonb(NEW), 'lifted_by_id', 'lifted_at');
    IF OLD.lifted_at IS NOT NULL AND to_jsonb(NEW) IS DISTINCT FROM to_jsonb(OLD) THEN
        RAISE EXCEPTION 'hold % was lifted before', OLD.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER partners_payouthold_steps BEFORE UPDATE ON partners_payouthold
    FOR EACH ROW EXECUTE FUNCTION partners_payouthold_steps();


CREATE TRIGGER partners_payoutbatch_kept BEFORE DELETE OR TRUNCATE ON partners_payoutbatch
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_partnerpayout_kept BEFORE DELETE OR TRUNCATE ON partners_partnerpayout
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_payoutitem_kept BEFORE DELETE OR TRUNCATE ON partners_payoutitem
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_payoutattempt_kept BEFORE DELETE OR TRUNCATE ON partners_payoutattempt
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_payoutdestination_kept BEFORE DELETE OR TRUNCATE ON partners_payoutdestination
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_payouthold_kept BEFORE DELETE OR TRUNCATE ON partners_payouthold
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
