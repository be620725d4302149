"""The finance desk; part of the namespace of `partners.urls`, which includes it."""

from __future__ import annotations

from django.urls import path

from partners.views import agreements, bank, desk, opening, payouts

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("agreements/", agreements.agreements, name="desk_agreements"),
    path("agreements/new/", agreements.prepare, name="desk_agreement_new"),
    path("agreements/<int:agreement_id>/", agreements.agreement, name="desk_agreement"),
    path("agreements/<int:agreement_id>/activate/", agreements.activate, name="desk_agreement_activate"),
    path("agreements/<int:agreement_id>/end/", agreements.end, name="desk_agreement_end"),
    path("allocations/<int:allocation_id>/", desk.allocation, name="desk_allocation"),
    path("payouts/", payouts.payouts, name="desk_payouts"),
    path("payouts/propose/", payouts.propose, name="desk_propose"),
    path("payouts/<int:batch_id>/", payouts.batch, name="desk_batch"),
    path("payouts/<int:batch_id>/approve/", payouts.approve, name="desk_approve"),
    path("payouts/<int:batch_id>/refuse/", payouts.refuse, name="desk_refuse"),
    path("payouts/<int:batch_id>/send/", payouts.send, name="desk_send"),
    path("payouts/<int:batch_id>/<int:payout_id>/", payouts.payout, name="desk_payout"),
    path("payouts/<int:batch_id>/<int:payout_id>/take-out/", payouts.take_out, name="desk_take_out"),
    path("bank/", bank.bank, name="desk_bank"),
    path("bank/check/", bank.check, name="desk_bank_check"),
    path("bank/import/", bank.take_in, name="desk_bank_import"),
    path("bank/confirm/", bank.confirm, name="desk_bank_confirm"),
    path("bank/matches/<int:match_id>/undo/", bank.undo, name="desk_bank_undo"),
    path("bank/lines/<int:line_id>/match/", bank.match, name="desk_bank_match"),
    path("opening/", opening.opening, name="desk_opening"),
    path("opening/check/", opening.check, name="desk_opening_check"),
    path("opening/propose/", opening.propose, name="desk_opening_propose"),
    path("opening/<int:opening_id>/approve/", opening.approve, name="desk_opening_approve"),
    path("opening/<int:opening_id>/refuse/", opening.refuse, name="desk_opening_refuse"),
    path("opening/<int:opening_id>/take-back/", opening.take_back, name="desk_opening_take_back"),
]
