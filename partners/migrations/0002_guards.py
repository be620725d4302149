"""Active agreements and allocations are frozen by plain SQL triggers."""

from pathlib import Path

from django.db import migrations

_GUARDS = (Path(__file__).parent / "sql" / "guards.sql").read_text()
_UNGUARD = """
DROP TRIGGER partners_allocationline_append_only ON partners_allocationline;
DROP TRIGGER partners_allocation_append_only ON partners_allocation;
DROP TRIGGER partners_agreement_kept ON partners_agreement;
DROP FUNCTION partners_append_only();
DROP TRIGGER partners_agreement_frozen ON partners_agreement;
DROP FUNCTION partners_agreement_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_agreements_allocations_payouts")]

    operations = [migrations.RunSQL(_GUARDS, _UNGUARD)]
