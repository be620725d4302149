-- A document does not change: its figures from the moment they were asked for, its file from the moment it was made,
-- its publication once it happened. ERRCODE 23514 reaches Django as IntegrityError.

CREATE FUNCTION reports_document_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := '{published_at,published_by_id}';
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION '% of documents is refused', TG_OP USING ERRCODE = '23514';
    END IF;
    IF OLD.published_at IS NOT NULL THEN
        may_change := '{}';
    ELSIF OLD.state <> 'ready' THEN
        may_change := '{state,sha256,storage_key,size_bytes,pages,ready_at,attempts,next_attempt_at,lease_until,last_error}';
    END IF;
    IF to_jsonb(NEW) - may_change <> to_jsonb(OLD) - may_change THEN
        RAISE EXCEPTION 'document % does not change: ask for a new version', OLD.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER reports_document_kept BEFORE UPDATE OR DELETE ON reports_document
    FOR EACH ROW EXECUTE FUNCTION reports_document_kept();
CREATE TRIGGER reports_document_no_truncate BEFORE TRUNCATE ON reports_document
    FOR EACH STATEMENT EXECUTE FUNCTION reports_document_kept();
