-- Whoever changed a batch before it was sent never approves it, however often others changed it after.
CREATE TRIGGER partners_payoutevent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_payoutevent
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();

-- Of the edits before this, the last one before each approval was asked for is known; it is the one that counted.
INSERT INTO partners_payoutevent (batch_id, word, by_id, at)
SELECT b.id, 'taken_out', a.requested_by_id, a.requested_at
  FROM people_approval a JOIN partners_payoutbatch b ON a.subject = 'payout_batch:' || b.id
 WHERE a.requested_by_id <> b.proposed_by_id
 ORDER BY a.id;

CREATE OR REPLACE FUNCTION partners_is_approved(wanted text, hash text, asked_by bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM people_approval a
                    WHERE a.subject = wanted AND a.subject_hash = hash AND a.decision = 'approved'
                      AND a.decided_by_id <> asked_by
                      AND NOT EXISTS (SELECT FROM partners_payoutevent e
                                       WHERE e.batch_id = substring(wanted FROM '^payout_batch:([0-9]+)$')::bigint
                                         AND e.by_id = a.decided_by_id
                                         AND e.word IN ('taken_out', 'held', 'moved')))
$$;
