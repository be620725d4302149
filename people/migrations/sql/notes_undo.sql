DROP TRIGGER people_note_as_written ON people_note;
DROP TRIGGER people_note_stays ON people_note;
DROP TRIGGER people_note_no_truncate ON people_note;
