"""A document's figures and file are frozen by a plain SQL trigger."""

from pathlib import Path

from django.db import migrations

_GUARDS = (Path(__file__).parent / "sql" / "guards.sql").read_text()
_UNGUARD = """
DROP TRIGGER reports_document_no_truncate ON reports_document;
DROP TRIGGER reports_document_kept ON reports_document;
DROP FUNCTION reports_document_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_documents")]

    operations = [migrations.RunSQL(_GUARDS, _UNGUARD)]
