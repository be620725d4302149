-- What a second person said, and the documents they saw, are the evidence for closes and entries by hand: they stay.
-- What they say of people can be erased (DESIGN.md section 1.14): a reason, a file's name and bytes may be emptied, no
-- more.

CREATE FUNCTION people_refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what was signed stays', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END $$;


CREATE TRIGGER people_approval_stays BEFORE DELETE ON people_approval
    FOR EACH ROW WHEN (OLD.decision <> 'waiting') EXECUTE FUNCTION people_refuse();
CREATE TRIGGER people_approval_as_decided BEFORE UPDATE ON people_approval
    FOR EACH ROW
    WHEN (OLD.decision <> 'waiting'
          AND (NEW.reason NOT IN (OLD.reason, '')
               OR to_jsonb(OLD) - 'reason'::text IS DISTINCT FROM to_jsonb(NEW) - 'reason'::text))
    EXECUTE FUNCTION people_refuse();
CREATE TRIGGER people_approval_no_truncate BEFORE TRUNCATE ON people_approval
    FOR EACH STATEMENT EXECUTE FUNCTION people_refuse();


-- The hash that is signed is that of the very bytes; only an erased file has it and no bytes.
ALTER TABLE people_attachment
    ADD CONSTRAINT attachment_is_its_sha256 CHECK (content = '' OR sha256 = encode(sha256(content), 'hex'));

CREATE TRIGGER people_attachment_has_bytes BEFORE INSERT ON people_attachment
    FOR EACH ROW WHEN (NEW.content = '') EXECUTE FUNCTION people_refuse();
CREATE TRIGGER people_attachment_as_added BEFORE UPDATE ON people_attachment
    FOR EACH ROW
    WHEN (NEW.content NOT IN (OLD.content, '') OR NEW.name NOT IN (OLD.name, '')
          OR (OLD.id, OLD.subject, OLD.media_type, OLD.sha256, OLD.added_by_id, OLD.added_at)
             IS DISTINCT FROM (NEW.id, NEW.subject, NEW.media_type, NEW.sha256, NEW.added_by_id, NEW.added_at))
    EXECUTE FUNCTION people_refuse();
CREATE TRIGGER people_attachment_stays BEFORE DELETE ON people_attachment
    FOR EACH ROW EXECUTE FUNCTION people_refuse();
CREATE TRIGGER people_attachment_no_truncate BEFORE TRUNCATE ON people_attachment
    FOR EACH STATEMENT EXECUTE FUNCTION people_refuse();

REVOKE EXECUTE ON FUNCTION people_refuse() FROM PUBLIC;
