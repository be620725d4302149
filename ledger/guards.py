"""Which guards the database must have, and which of them are missing or switched off."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import connection

# By the migration that makes them, so that a database that is not there yet is not called unguarded.
_MADE_BY: Final[dict[str, frozenset[tuple[str, str]]]] = {
    "0002_guards": frozenset(
        {
            ("ledger_account", "ledger_account_identity"),
            ("ledger_account", "ledger_account_no_truncate"),
            ("ledger_account", "ledger_account_stays"),
            ("ledger_entry", "ledger_entry_append_only"),
            ("ledger_entry", "ledger_entry_has_postings"),
            ("ledger_entry", "ledger_entry_no_truncate"),
            ("ledger_entry", "ledger_new_entries"),
            ("ledger_period", "ledger_period_identity"),
            ("ledger_period", "ledger_period_no_truncate"),
            ("ledger_period", "ledger_period_stays"),
            ("ledger_posting", "ledger_new_postings"),
            ("ledger_posting", "ledger_posting_append_only"),
            ("ledger_posting", "ledger_posting_no_truncate"),
        }
    ),
    "0004_seals": frozenset(
        {
            ("ledger_seal", "ledger_seal_append_only"),
            ("ledger_seal", "ledger_seal_chains"),
            ("ledger_seal", "ledger_seal_no_truncate"),
            ("ledger_seal", "ledger_seal_turn"),
            ("ledger_unsealed", "ledger_unsealed_no_truncate"),
            ("ledger_unsealed", "ledger_unsealed_no_update"),
            ("ledger_unsealed", "ledger_unsealed_waits"),
        }
    ),
    "0005_manual_entries_exports_proofs": frozenset(
        {
            ("ledger_ledgerexport", "ledger_ledgerexport_append_only"),
            ("ledger_ledgerexport", "ledger_ledgerexport_no_truncate"),
            ("ledger_manualentry", "ledger_manualentry_no_truncate"),
            ("ledger_manualentry", "ledger_manualentry_stays"),
            ("ledger_proof", "ledger_proof_append_only"),
            ("ledger_proof", "ledger_proof_no_truncate"),
            ("ledger_proofleaf", "ledger_proofleaf_append_only"),
            ("ledger_proofleaf", "ledger_proofleaf_fits"),
            ("ledger_proofleaf", "ledger_proofleaf_no_truncate"),
        }
    ),
    "0006_closing": frozenset(
        {
            ("ledger_anchor", "ledger_anchor_append_only"),
            ("ledger_anchor", "ledger_anchor_no_truncate"),
            ("ledger_balancesnapshot", "ledger_balancesnapshot_append_only"),
            ("ledger_balancesnapshot", "ledger_balancesnapshot_no_truncate"),
            ("ledger_period", "ledger_new_periods"),
            ("ledger_periodevent", "ledger_periodevent_append_only"),
            ("ledger_periodevent", "ledger_periodevent_no_truncate"),
        }
    ),
    "0010_manual_entry_edits": frozenset(
        {
            ("ledger_manualentryedit", "ledger_manualentryedit_append_only"),
            ("ledger_manualentryedit", "ledger_manualentryedit_no_truncate"),
        }
    ),
    "0011_shut_the_doors": frozenset(
        {
            ("ledger_anchor", "ledger_anchor_is_of_the_chain"),
            ("ledger_proof", "ledger_proof_of_a_close"),
            ("ledger_unsealed", "ledger_unsealed_is_unsealed"),
        }
    ),
    "0013_books_runs": frozenset(
        {
            ("ledger_booksrun", "ledger_booksrun_append_only"),
            ("ledger_booksrun", "ledger_booksrun_no_truncate"),
        }
    ),
    # It needs people's 0003, which makes these: what was approved is the evidence for what is in the books.
    "0014_two_persons_each_time": frozenset(
        {
            ("people_approval", "people_approval_as_decided"),
            ("people_approval", "people_approval_no_truncate"),
            ("people_approval", "people_approval_stays"),
            ("people_attachment", "people_attachment_as_added"),
            ("people_attachment", "people_attachment_has_bytes"),
            ("people_attachment", "people_attachment_no_truncate"),
            ("people_attachment", "people_attachment_stays"),
        }
    ),
    "0017_openings": frozenset(
        {
            ("ledger_opening", "ledger_opening_no_truncate"),
            ("ledger_opening", "ledger_opening_stays"),
        }
    ),
    # It needs people's 0006, in which a note says why what did not add up was settled, and so 0004: who may approve.
    "0018_exception_events": frozenset(
        {
            ("ledger_exceptionevent", "ledger_exceptionevent_append_only"),
            ("ledger_exceptionevent", "ledger_exceptionevent_no_truncate"),
            ("people_approval", "people_approver_counts"),
            ("people_note", "people_note_as_written"),
            ("people_note", "people_note_no_truncate"),
            ("people_note", "people_note_stays"),
            ("people_rolegrant", "people_role_ends"),
            ("people_rolegrant", "people_role_grant_guard"),
            ("people_rolegrant", "people_role_grant_no_truncate"),
            ("people_rolegrant", "people_role_grant_stays"),
            ("people_user", "people_superuser_becomes"),
            ("people_user", "people_superuser_is_made"),
            ("people_user_groups", "people_group_is_granted"),
        }
    ),
}
_DOORS_SHUT: Final = "0011_shut_the_doors"
GUARDS: Final = frozenset[tuple[str, str]]().union(*_MADE_BY.values())


def missing_guards(applied: Collection[str] | None = None) -> list[str]:
    """The guards that do not stand in this database, as "trigger on table", sorted; then those that others may call.

    `applied`: names of the ledger's migrations that this database has; without it, all of them.
    """
    wanted = (guards for made_by, guards in _MADE_BY.items() if applied is None or made_by in applied)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, t.tgname
              FROM pg_trigger t
              JOIN pg_class c ON c.oid = t.tgrelid
             WHERE c.relnamespace = 'public'::regnamespace AND t.tgenabled IN ('O', 'A')
            """
        )
        standing = set(cursor.fetchall())
    missing = sorted(f"{trigger} on {table}" for table, trigger in frozenset().union(*wanted) - standing)
    return missing + (_callable_by_anybody() if applied is None or _DOORS_SHUT in applied else [])


def _callable_by_anybody() -> list[str]:
    """Functions that run as a trigger or as the owner and that every role may execute; no guard needs that."""
    with connection.cursor() as cursor:
        cursor.execute(
            r"""
            SELECT format('the lock on calls of %%s', p.oid::regprocedure)
              FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
             WHERE p.pronamespace = 'public'::regnamespace AND p.proname ~ '^(ledger|people)_'
               AND (p.prorettype = 'trigger'::regtype OR p.prosecdef)
               AND a.privilege_type = 'EXECUTE' AND a.grantee = 0
             ORDER BY 1
            """,
            (),
        )
        return [door for (door,) in cursor.fetchall()]
