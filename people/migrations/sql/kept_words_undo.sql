ALTER TABLE people_attachment DROP CONSTRAINT attachment_is_its_sha256;
DROP FUNCTION people_refuse() CASCADE;
