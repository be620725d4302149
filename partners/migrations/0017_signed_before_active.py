"""No agreement becomes active without its signed document; those that are active already stay so."""

from pathlib import Path

from django.db import migrations

_GUARD = (Path(__file__).parent / "sql" / "agreement_signed.sql").read_text()
_UNGUARD = """
DROP TRIGGER partners_agreement_signed ON partners_agreement;
DROP FUNCTION partners_agreement_signed();
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0016_settling_undone")]

    operations = [migrations.RunSQL(_GUARD, _UNGUARD)]
