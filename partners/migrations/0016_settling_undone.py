"""What was settled goes back on its way only where the books took the settling back."""

from django.db import migrations

_GUARD = """
CREATE FUNCTION partners_payoutattempt_unsettled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_entry e
                    WHERE e.reverses_id = OLD.settled_entry_id AND e.kind = 'payout_unsettled') THEN
        RAISE EXCEPTION 'attempt % is settled in the books: book that back first', OLD.key USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER partners_payoutattempt_unsettled BEFORE UPDATE ON partners_payoutattempt
    FOR EACH ROW WHEN (OLD.state = 'settled' AND NEW.state = 'in_flight')
    EXECUTE FUNCTION partners_payoutattempt_unsettled();
"""
_UNGUARD = """
DROP TRIGGER partners_payoutattempt_unsettled ON partners_payoutattempt;
DROP FUNCTION partners_payoutattempt_unsettled();
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0015_matches")]

    operations = [migrations.RunSQL(_GUARD, _UNGUARD)]
