"""A plan's history is only ever added to; plain SQL, so that no session setting switches it off."""

from django.db import migrations

GUARD = """
CREATE FUNCTION donations_plan_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'donations_planevent is append-only: % is refused', TG_OP USING ERRCODE = '23514';
END $$;
CREATE TRIGGER donations_plan_event_stays BEFORE UPDATE OR DELETE ON donations_planevent
    FOR EACH ROW EXECUTE FUNCTION donations_plan_event_stays();
CREATE TRIGGER donations_plan_event_not_emptied BEFORE TRUNCATE ON donations_planevent
    FOR EACH STATEMENT EXECUTE FUNCTION donations_plan_event_stays();
"""
UNGUARD = """
DROP TRIGGER donations_plan_event_not_emptied ON donations_planevent;
DROP TRIGGER donations_plan_event_stays ON donations_planevent;
DROP FUNCTION donations_plan_event_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("donations", "0001_initial")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
