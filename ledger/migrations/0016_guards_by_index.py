"""What is looked up row by row is looked up by index, whatever the server believes of a table's size.

A function's plan is kept for the session and rests on what was known at its first call. Made while the books are new,
it may read a whole table for each row, and goes on so while the table grows.
"""

from django.db import migrations

FUNCTIONS = (
    "ledger_known(jsonb)",
    "ledger_post(jsonb, jsonb, jsonb)",
    "ledger_guard_new_entries()",
    "ledger_guard_new_postings()",
    "ledger_guard_entry_has_postings()",
    "ledger_guard_queued()",
    "ledger_guard_new_seals()",
    "ledger_guard_queue()",
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0015_codes_as_charted")]

    operations = [
        migrations.RunSQL(
            sql=[f"ALTER FUNCTION {function} SET enable_seqscan = off" for function in FUNCTIONS],
            reverse_sql=[f"ALTER FUNCTION {function} RESET enable_seqscan" for function in FUNCTIONS],
        ),
    ]
