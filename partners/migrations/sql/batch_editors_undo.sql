CREATE OR REPLACE FUNCTION partners_is_approved(wanted text, hash text, asked_by bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM people_approval a
                    WHERE a.subject = wanted AND a.subject_hash = hash AND a.decision = 'approved'
                      AND a.decided_by_id <> asked_by)
$$;

DROP TRIGGER partners_payoutevent_append_only ON partners_payoutevent;
