-- Who holds a role holds it by a row that says who asked, who agreed and since when; a role counts for approvals only
-- after seven days (rules/reliability.md row 78). The owner of the tables may appoint; the processes that serve pages
-- have a role of their own (docs/operating.md "Roles in the database"), which may not.

-- What was granted before this rule counts from the day on which its holder joined.
INSERT INTO people_rolegrant (user_id, role, requested_at, granted_at, counts_from)
SELECT u.id, g.name, u.joined_at, u.joined_at, u.joined_at
  FROM people_user_groups m
  JOIN people_user u ON u.id = m.user_id
  JOIN auth_group g ON g.id = m.group_id;
SET CONSTRAINTS ALL IMMEDIATE; -- a table with checks still to come takes no trigger


CREATE FUNCTION people_is_owner() RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class WHERE oid = 'people_rolegrant'::regclass
$$;


CREATE FUNCTION people_role_grant_guard() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.granted_at IS NULL THEN
            IF NEW.requested_by_id IS NULL THEN
                RAISE EXCEPTION 'nobody asks for this role' USING ERRCODE = '23514';
            END IF;
        ELSIF NEW.requested_by_id IS NOT NULL OR NOT people_is_owner() THEN
            RAISE EXCEPTION 'a role takes two persons: one asks, another approves' USING ERRCODE = '23514';
        ELSIF NEW.counts_from < NEW.granted_at + interval '7 days'
              AND EXISTS (SELECT FROM people_approval WHERE decision = 'approved') THEN
            RAISE EXCEPTION 'the first persons are appointed: a role counts after seven days' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.ended_at IS NOT NULL
       OR (OLD.id, OLD.user_id, OLD.role, OLD.requested_by_id, OLD.requested_at)
          IS DISTINCT FROM (NEW.id, NEW.user_id, NEW.role, NEW.requested_by_id, NEW.requested_at)
       OR (OLD.granted_at IS NOT NULL AND (NEW.granted_at IS DISTINCT FROM OLD.granted_at
                                           OR NEW.counts_from IS NULL OR NEW.counts_from < OLD.counts_from)) THEN
        RAISE EXCEPTION 'what was granted stays as it was' USING ERRCODE = '23514';
    END IF;
    IF OLD.granted_at IS NULL AND NEW.granted_at IS NOT NULL
       AND (NEW.counts_from < NEW.granted_at + interval '7 days'
            OR NOT EXISTS (SELECT FROM people_approval a
                            WHERE a.subject = format('role_grant:%s', NEW.id) AND a.decision = 'approved'
                              AND a.requested_by_id = NEW.requested_by_id
                              AND a.decided_by_id <> NEW.user_id)) THEN
        RAISE EXCEPTION 'a role takes two persons and counts after seven days' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER people_role_grant_guard BEFORE INSERT OR UPDATE ON people_rolegrant
    FOR EACH ROW EXECUTE FUNCTION people_role_grant_guard();
CREATE TRIGGER people_role_grant_stays BEFORE DELETE ON people_rolegrant
    FOR EACH ROW EXECUTE FUNCTION people_refuse();
CREATE TRIGGER people_role_grant_no_truncate BEFORE TRUNCATE ON people_rolegrant
    FOR EACH STATEMENT EXECUTE FUNCTION people_refuse();


-- The group is what opens doors: it comes with a grant that stands, and goes when that ends.
CREATE FUNCTION people_group_is_granted() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM people_rolegrant r JOIN auth_group g ON g.name = r.role
                    WHERE g.id = NEW.group_id AND r.user_id = NEW.user_id
                      AND r.granted_at IS NOT NULL AND r.ended_at IS NULL) THEN
        RAISE EXCEPTION 'nobody has granted this role' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER people_group_is_granted BEFORE INSERT OR UPDATE ON people_user_groups
    FOR EACH ROW EXECUTE FUNCTION people_group_is_granted();

CREATE FUNCTION people_role_ends() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM people_user_groups m USING auth_group g
     WHERE m.user_id = NEW.user_id AND m.group_id = g.id AND g.name = NEW.role;
    RETURN NULL;
END $$;

CREATE TRIGGER people_role_ends AFTER UPDATE OF ended_at ON people_rolegrant
    FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL AND OLD.granted_at IS NOT NULL)
    EXECUTE FUNCTION people_role_ends();


-- An approval counts only from somebody who held an approving role by then for seven days.
CREATE FUNCTION people_approver_counts() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM people_rolegrant r
                    WHERE r.user_id = NEW.decided_by_id AND r.role IN ('finance approver', 'board')
                      AND r.counts_from <= NEW.decided_at AND r.ended_at IS NULL) THEN
        RAISE EXCEPTION 'this approval does not count: the approver''s role is missing or too young'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER people_approver_counts BEFORE INSERT OR UPDATE ON people_approval
    FOR EACH ROW WHEN (NEW.decision = 'approved' AND NEW.decided_by_id IS NOT NULL)
    EXECUTE FUNCTION people_approver_counts();


-- A superuser keeps every record: only the owner makes one (manage.py createsuperuser).
CREATE FUNCTION people_superuser_by_owner() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT people_is_owner() THEN
        RAISE EXCEPTION 'only the owner of the database makes a superuser' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER people_superuser_is_made BEFORE INSERT ON people_user
    FOR EACH ROW WHEN (NEW.is_superuser) EXECUTE FUNCTION people_superuser_by_owner();
CREATE TRIGGER people_superuser_becomes BEFORE UPDATE ON people_user
    FOR EACH ROW WHEN (NEW.is_superuser AND NOT OLD.is_superuser) EXECUTE FUNCTION people_superuser_by_owner();

REVOKE EXECUTE ON FUNCTION people_role_grant_guard(), people_group_is_granted(), people_role_ends(),
    people_approver_counts(), people_superuser_by_owner() FROM PUBLIC;
