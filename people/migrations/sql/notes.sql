-- A note is the reason behind a decision: it stays as it was written. What it says of people can be erased (DESIGN.md
-- section 1.14): its words may be emptied, no more.
CREATE TRIGGER people_note_as_written BEFORE UPDATE ON people_note
    FOR EACH ROW
    WHEN (NEW.words NOT IN (OLD.words, '')
          OR to_jsonb(OLD) - 'words'::text IS DISTINCT FROM to_jsonb(NEW) - 'words'::text)
    EXECUTE FUNCTION people_refuse();
CREATE TRIGGER people_note_stays BEFORE DELETE ON people_note
    FOR EACH ROW EXECUTE FUNCTION people_refuse();
CREATE TRIGGER people_note_no_truncate BEFORE TRUNCATE ON people_note
    FOR EACH STATEMENT EXECUTE FUNCTION people_refuse();
