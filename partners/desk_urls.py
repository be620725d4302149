"""The finance desk; part of the namespace of `partners.urls`, which includes it."""

from __future__ import annotations

from django.urls import path, register_converter

from partners.destination_forms import FORMS
from partners.views import (
    ach_returns,
    agreements,
    bank,
    bank_accounts,
    bank_lines,
    bank_matches,
    bank_payouts,
    desk,
    destinations,
    opening,
    papers,
    payout_steps,
    payouts,
    prenotes,
    stripe_accounts,
    why,
)


class MethodConverter:
    """A way to pay that staff can enter."""

    regex = "|".join(FORMS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(MethodConverter, "payout_method")

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("agreements/", agreements.agreements, name="desk_agreements"),
    path("agreements/new/", agreements.prepare, name="desk_agreement_new"),
    path("agreements/<int:agreement_id>/", agreements.agreement, name="desk_agreement"),
    path("agreements/<int:agreement_id>/activate/", agreements.activate, name="desk_agreement_activate"),
    path("agreements/<int:agreement_id>/end/", agreements.end, name="desk_agreement_end"),
    path("agreements/<int:agreement_id>/accounting.csv", papers.accounting, name="desk_accounting"),
    path("agreements/<int:agreement_id>/papers/", papers.keep, name="desk_keep_paper"),
    path("agreements/<int:agreement_id>/papers/<int:paper_id>/", papers.paper, name="desk_paper"),
    path("agreements/<int:agreement_id>/terms/", papers.terms, name="desk_agreement_terms"),
    path("agreements/<int:agreement_id>/states/", papers.plan, name="desk_plan_duties"),
    path("agreements/<int:agreement_id>/states/<int:duty_id>/", papers.settle, name="desk_settle_duty"),
    path("allocations/<int:allocation_id>/", desk.allocation, name="desk_allocation"),
    path("partners/", why.partners, name="why_partners"),
    path("partners/<slug:slug>/", why.account, name="why_account"),
    path("partners/<slug:slug>/<str:month>.csv", why.month_csv, name="why_month_csv"),
    path("partners/<slug:slug>/<str:month>/", why.month, name="why_month"),
    path("partners/<slug:slug>/<str:month>/<int:agreement_id>/", why.agreement, name="why_agreement"),
    path("payouts/", payouts.payouts, name="desk_payouts"),
    path("payouts/propose/", payouts.propose, name="desk_propose"),
    path("payouts/<int:batch_id>/", payouts.batch, name="desk_batch"),
    path("payouts/<int:batch_id>/approve/", payouts.approve, name="desk_approve"),
    path("payouts/<int:batch_id>/refuse/", payouts.refuse, name="desk_refuse"),
    path("payouts/<int:batch_id>/send/", payouts.send, name="desk_send"),
    path("payouts/<int:batch_id>/<int:payout_id>/", payout_steps.payout, name="desk_payout"),
    path("payouts/<int:batch_id>/<int:payout_id>/take-out/", payouts.take_out, name="desk_take_out"),
    path("payouts/<int:batch_id>/ach-file/", payout_steps.ach_file, name="desk_ach_file"),
    path("payouts/ach-files/<int:file_id>/", payout_steps.ach_download, name="desk_ach_download"),
    path("payouts/prenotes/", prenotes.prenotes, name="desk_prenotes"),
    path("payouts/prenotes/make/", prenotes.make, name="desk_prenotes_make"),
    path("payouts/prenotes/<int:prenote_id>/note/", prenotes.note, name="desk_prenote_note"),
    path("payouts/ach-returns/", ach_returns.files, name="desk_ach_returns"),
    path("payouts/ach-returns/upload/", ach_returns.upload, name="desk_ach_returns_upload"),
    path("payouts/ach-returns/<int:return_id>/", ach_returns.file, name="desk_ach_return"),
    path("payouts/ach-returns/<int:return_id>/import/", ach_returns.take_in, name="desk_ach_return_import"),
    path("payouts/ach-returns/<int:return_id>/drop/", ach_returns.drop, name="desk_ach_return_drop"),
    path("payouts/one/<int:payout_id>/retry/", payout_steps.retry, name="desk_payout_retry"),
    path("payouts/one/<int:payout_id>/not-sent/", payout_steps.not_sent, name="desk_payout_not_sent"),
    path("payouts/one/<int:payout_id>/give-up/", payout_steps.give_up, name="desk_payout_give_up"),
    path("payouts/one/<int:payout_id>/cheque/", payout_steps.cheque, name="desk_payout_cheque"),
    path("payouts/one/<int:payout_id>/void/", payout_steps.void, name="desk_payout_void"),
    path("payouts/one/<int:payout_id>/by-hand/", payout_steps.by_hand, name="desk_payout_by_hand"),
    path("payouts/one/<int:payout_id>/notice/", payout_steps.notice, name="desk_payout_notice"),
    path("destinations/", destinations.destinations, name="desk_destinations"),
    path("destinations/partner/<int:partner_id>/", destinations.destination, name="desk_destination"),
    path(
        "destinations/partner/<int:partner_id>/<payout_method:method>/",
        destinations.change,
        name="desk_destination_change",
    ),
    path("destinations/partner/<int:partner_id>/hold/", destinations.hold, name="desk_hold"),
    path("destinations/partner/<int:partner_id>/stripe/", stripe_accounts.choose, name="desk_stripe"),
    path("destinations/partner/<int:partner_id>/stripe/look/", stripe_accounts.look, name="desk_stripe_look"),
    path("destinations/partner/<int:partner_id>/stripe/open/", stripe_accounts.open_questions, name="desk_stripe_open"),
    path("destinations/partner/<int:partner_id>/stripe/send/", stripe_accounts.send, name="desk_stripe_send"),
    path("destinations/holds/<int:hold_id>/lift/", destinations.lift, name="desk_hold_lift"),
    path("destinations/<int:destination_id>/confirm/", destinations.confirm, name="desk_destination_confirm"),
    path("destinations/<int:destination_id>/refuse/", destinations.refuse, name="desk_destination_refuse"),
    path("bank/", bank.bank, name="desk_bank"),
    path("bank/upload/", bank.upload, name="desk_bank_upload"),
    path("bank/files/<int:file_id>/", bank.file, name="desk_bank_file"),
    path("bank/files/<int:file_id>/accept/", bank.accept, name="desk_bank_accept"),
    path("bank/files/<int:file_id>/drop/", bank.drop, name="desk_bank_drop"),
    path("bank/three-way/", bank_accounts.compare, name="desk_bank_three_way"),
    path("bank/accounts/<int:account_id>/", bank_accounts.account, name="desk_bank_account"),
    path("bank/accounts/<int:account_id>/columns/", bank_accounts.new_columns, name="desk_bank_new_columns"),
    path("bank/columns/<int:profile_id>/", bank_accounts.columns, name="desk_bank_columns"),
    path("bank/lines/", bank_lines.lines, name="desk_bank_lines"),
    path("bank/lines/<int:line_id>/", bank_lines.line, name="desk_bank_line"),
    path("bank/lines/<int:line_id>/match/", bank_lines.match, name="desk_bank_choose"),
    path("bank/lines/<int:line_id>/explain/", bank_lines.explain, name="desk_bank_explain"),
    path("bank/lines/<int:line_id>/by-hand/", bank_lines.by_hand, name="desk_bank_by_hand"),
    path("bank/lines/<int:line_id>/duplicate/", bank_lines.duplicate, name="desk_bank_duplicate"),
    path("bank/matches/", bank_matches.matches, name="desk_bank_matches"),
    path("bank/matches/confirm/", bank_matches.confirm, name="desk_bank_confirm"),
    path("bank/matches/<int:match_id>/", bank_matches.match, name="desk_bank_match"),
    path("bank/matches/<int:match_id>/undo/", bank_matches.undo, name="desk_bank_undo"),
    path("bank/payouts/<int:yyyymm>/", bank_payouts.payouts, name="desk_bank_payouts"),
    path("bank/payouts/<int:yyyymm>/reason/", bank_payouts.say_why, name="desk_bank_say_why"),
    path("bank/rules/", bank_matches.rules, name="desk_bank_rules"),
    path("bank/rules/<int:rule_id>/stop/", bank_matches.stop, name="desk_bank_stop_rule"),
    path("opening/", opening.opening, name="desk_opening"),
    path("opening/check/", opening.check, name="desk_opening_check"),
    path("opening/propose/", opening.propose, name="desk_opening_propose"),
    path("opening/<int:opening_id>/approve/", opening.approve, name="desk_opening_approve"),
    path("opening/<int:opening_id>/refuse/", opening.refuse, name="desk_opening_refuse"),
    path("opening/<int:opening_id>/take-back/", opening.take_back, name="desk_opening_take_back"),
]
