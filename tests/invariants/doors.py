"""Who may pass which door: one line for every address of the URLconf. A route without a line fails the build.

The rows are read by `test_access.py`, which tries each with every kind of visitor (rules/reliability.md rows 61-65).
"""

from __future__ import annotations

from dataclasses import dataclass

FINANCE = ("finance preparer", "finance approver", "auditor")
READERS = (*FINANCE, "board")
PREPARER, APPROVER = ("finance preparer",), ("finance approver",)
HANDS = PREPARER + APPROVER


@dataclass(frozen=True)
class Door:
    """`kind` says who passes; `roles` for whom a ROLE door opens; `methods` what it answers to.

    `fresh`: whoever posts has shown the second factor within the last minutes (reliability row 77).
    """

    kind: str
    roles: tuple[str, ...] = ()
    methods: str = "GET"
    fresh: bool = False


def anybody(methods: str = "GET") -> Door:
    """Everybody gets the same page."""
    return Door("anybody", methods=methods)


def role(*roles: str, methods: str = "GET", fresh: bool | None = None) -> Door:
    """Sign in, be staff (else 404), have a second factor, hold one of the roles (else 403).

    What changes something wants a fresh factor unless it says `fresh=False`: nothing is paid, approved, booked by a
    person's word or given to anybody by it. So a decorator that is forgotten fails.
    """
    return Door("role", roles, methods, "POST" in methods if fresh is None else fresh)


LINK = Door("link")  # whoever has the unguessable link; a made-up one is a missing page
NOBODY = Door("nobody", methods="GET POST")  # a door that allauth brings and that is closed here
SIGNED_IN = Door("signed in", methods="GET POST")
STAFF = Door("staff")
SIGNING_IN = Door("signing in", methods="GET POST")  # a step of signing in: whoever stands elsewhere is sent on
STRIPE = Door("stripe", methods="POST")  # a signature stands in for a person
OWNER = Door("owner", methods="GET POST")  # the donor whose it is; 404 for everybody else

DOORS: dict[str, Door] = {
    "": anybody(),
    # shop
    "shop/": anybody(),
    "shop/pictures/<int:pk>": anybody(),
    "shop/<slug:slug>/": anybody(),
    "cart/": anybody(),
    "cart/add/": anybody("POST"),
    "cart/update/": anybody("POST"),
    "cart/remove/": anybody("POST"),
    "checkout/": anybody("POST"),
    "orders/<str:token>/": LINK,
    "orders/<str:token>/return/": LINK,
    "orders/<str:token>/cancelled/": LINK,
    "my/purchases/": Door("signed in"),
    "desk/sales/": role(*READERS),
    "desk/orders/<int:order_id>/": role("fulfilment", *READERS),
    "desk/orders/<int:order_id>/refund/": role("fulfilment", *PREPARER, methods="POST"),
    "desk/orders/<int:order_id>/checked/": role("fulfilment", *PREPARER, methods="POST", fresh=False),
    "desk/gifts/<int:gift_id>/": role("donor care", *READERS),
    "desk/gifts/<int:gift_id>/refund/": role("donor care", *PREPARER, methods="POST"),
    "desk/gifts/<int:gift_id>/checked/": role("donor care", *PREPARER, methods="POST", fresh=False),
    # donations
    "give/": anybody("GET POST"),
    "give/thanks/<str:token>/": LINK,
    "give/cancelled/<str:token>/": LINK,
    "my/": SIGNED_IN,
    "my/plans/<int:plan_id>/stop/": OWNER,
    # partners and the desk
    "partners/": anybody(),
    "partners/<slug:slug>/": anybody(),
    "desk/": STAFF,
    "desk/agreements/": role(*FINANCE),
    "desk/agreements/new/": role(*PREPARER, methods="GET POST", fresh=False),
    "desk/agreements/<int:agreement_id>/": role(*FINANCE),
    "desk/agreements/<int:agreement_id>/activate/": role(*APPROVER, methods="POST"),
    "desk/agreements/<int:agreement_id>/end/": role(*APPROVER, methods="POST"),
    "desk/history/": role(*READERS),
    "desk/roles/": role(*READERS),
    "desk/roles/ask/": role(*APPROVER, "board", methods="POST"),
    "desk/roles/<int:grant_id>/approve/": role(*APPROVER, "board", methods="POST"),
    "desk/roles/<int:grant_id>/refuse/": role(*APPROVER, "board", methods="POST", fresh=False),
    "desk/roles/<int:grant_id>/remove/": role(*APPROVER, "board", methods="POST"),
    "desk/months/": role(*READERS),
    "desk/months/<int:yyyymm>/": role(*READERS),
    "desk/months/<int:yyyymm>/checks/<int:number>/": role(*READERS),
    "desk/months/<int:yyyymm>/check/": role(*HANDS, methods="POST", fresh=False),
    "desk/months/<int:yyyymm>/trial-balance/": role(*HANDS, methods="POST", fresh=False),
    "desk/months/<int:yyyymm>/soft-close/": role(*HANDS, methods="POST", fresh=False),
    "desk/months/<int:yyyymm>/open/": role(*HANDS, methods="POST", fresh=False),
    "desk/months/<int:yyyymm>/propose/": role(*HANDS, methods="POST", fresh=False),
    "desk/months/<int:yyyymm>/approve/": role(*APPROVER, methods="POST"),
    "desk/months/<int:yyyymm>/approve-reopening/": role(*APPROVER, methods="POST"),
    "desk/months/<int:yyyymm>/refuse/": role(*APPROVER, methods="POST", fresh=False),
    "desk/months/<int:yyyymm>/finish/": role(*HANDS, methods="POST"),
    "desk/months/<int:yyyymm>/abort/": role(*APPROVER, methods="POST"),
    "desk/agreements/<int:agreement_id>/accounting.csv": role(*FINANCE),
    "desk/agreements/<int:agreement_id>/papers/": role(*HANDS, methods="POST", fresh=False),
    "desk/agreements/<int:agreement_id>/papers/<int:paper_id>/": role(*FINANCE),
    "desk/agreements/<int:agreement_id>/terms/": role(*HANDS, methods="GET POST", fresh=False),
    "desk/agreements/<int:agreement_id>/states/": role(*HANDS, methods="POST", fresh=False),
    "desk/agreements/<int:agreement_id>/states/<int:duty_id>/": role(*HANDS, methods="POST", fresh=False),
    "desk/allocations/<int:allocation_id>/": role(*FINANCE),
    "desk/partners/": role(*FINANCE),
    "desk/partners/<slug:slug>/": role(*FINANCE),
    "desk/partners/<slug:slug>/<str:month>.csv": role(*FINANCE),
    "desk/partners/<slug:slug>/<str:month>/": role(*FINANCE),
    "desk/partners/<slug:slug>/<str:month>/<int:agreement_id>/": role(*FINANCE),
    "onboarding/<str:token>/": Door("link", methods="GET POST"),
    "onboarding/<str:token>/back/": LINK,
    "partner/": role("partner contact"),
    "partner/<slug:slug>/": role("partner contact"),
    "partner/<slug:slug>/shares/<int:allocation_id>/": role("partner contact"),
    "partner/<slug:slug>/<str:month>.csv": role("partner contact"),
    "partner/<slug:slug>/<str:month>/": role("partner contact"),
    "partner/<slug:slug>/<str:month>/<int:agreement_id>/": role("partner contact"),
    "desk/payouts/": role(*FINANCE),
    "desk/payouts/propose/": role(*PREPARER, methods="POST"),
    "desk/payouts/<int:batch_id>/": role(*FINANCE),
    "desk/payouts/<int:batch_id>/approve/": role(*APPROVER, methods="POST"),
    "desk/payouts/<int:batch_id>/refuse/": role(*HANDS, methods="POST"),
    "desk/payouts/<int:batch_id>/send/": role(*HANDS, methods="POST"),
    "desk/payouts/<int:batch_id>/<int:payout_id>/": role(*FINANCE),
    "desk/payouts/<int:batch_id>/<int:payout_id>/take-out/": role(*PREPARER, methods="POST"),
    "desk/payouts/<int:batch_id>/ach-file/": role(*HANDS, methods="POST"),
    "desk/payouts/ach-files/<int:file_id>/": role(*HANDS, methods="POST"),
    "desk/payouts/prenotes/": role(*FINANCE),
    "desk/payouts/prenotes/make/": role(*HANDS, methods="POST"),
    "desk/payouts/prenotes/<int:prenote_id>/note/": role(*HANDS, methods="POST"),
    "desk/payouts/ach-returns/": role(*FINANCE),
    "desk/payouts/ach-returns/upload/": role(*HANDS, methods="POST", fresh=False),
    "desk/payouts/ach-returns/<int:return_id>/": role(*FINANCE),
    "desk/payouts/ach-returns/<int:return_id>/import/": role(*HANDS, methods="POST"),
    "desk/payouts/ach-returns/<int:return_id>/drop/": role(*HANDS, methods="POST", fresh=False),
    "desk/payouts/one/<int:payout_id>/retry/": role(*HANDS, methods="POST"),
    "desk/payouts/one/<int:payout_id>/not-sent/": role(*HANDS, methods="POST"),
    "desk/payouts/one/<int:payout_id>/give-up/": role(*HANDS, methods="POST"),
    "desk/payouts/one/<int:payout_id>/cheque/": role(*HANDS, methods="POST"),
    "desk/payouts/one/<int:payout_id>/void/": role(*HANDS, methods="POST"),
    "desk/payouts/one/<int:payout_id>/by-hand/": role(*HANDS, methods="GET POST"),
    "desk/payouts/one/<int:payout_id>/notice/": role(*HANDS, methods="POST"),
    "desk/destinations/": role(*FINANCE),
    "desk/destinations/partner/<int:partner_id>/": role(*FINANCE),
    "desk/destinations/partner/<int:partner_id>/<payout_method:method>/": role(*PREPARER, methods="GET POST"),
    "desk/destinations/partner/<int:partner_id>/hold/": role(*HANDS, methods="POST", fresh=False),
    "desk/destinations/partner/<int:partner_id>/stripe/": role(*PREPARER, methods="POST"),
    "desk/destinations/partner/<int:partner_id>/stripe/look/": role(*HANDS, methods="POST", fresh=False),
    "desk/destinations/partner/<int:partner_id>/stripe/open/": role(*PREPARER, methods="POST"),
    "desk/destinations/partner/<int:partner_id>/stripe/send/": role(*PREPARER, methods="POST"),
    "desk/destinations/holds/<int:hold_id>/lift/": role(*APPROVER, methods="POST"),
    "desk/destinations/<int:destination_id>/confirm/": role(*APPROVER, methods="POST"),
    "desk/destinations/<int:destination_id>/refuse/": role(*HANDS, methods="POST", fresh=False),
    "desk/bank/": role(*FINANCE),
    "desk/bank/upload/": role(*HANDS, methods="POST", fresh=False),
    "desk/bank/files/<int:file_id>/": role(*FINANCE),
    "desk/bank/files/<int:file_id>/accept/": role(*HANDS, methods="POST"),
    "desk/bank/files/<int:file_id>/drop/": role(*HANDS, methods="POST", fresh=False),
    "desk/bank/three-way/": role(*FINANCE),
    "desk/bank/accounts/<int:account_id>/": role(*FINANCE),
    "desk/bank/accounts/<int:account_id>/columns/": role(*HANDS, methods="GET POST", fresh=False),
    "desk/bank/columns/<int:profile_id>/": role(*HANDS, methods="GET POST", fresh=False),
    "desk/bank/lines/": role(*FINANCE),
    "desk/bank/lines/<int:line_id>/": role(*FINANCE),
    "desk/bank/lines/<int:line_id>/match/": role(*HANDS, methods="POST", fresh=False),
    "desk/bank/lines/<int:line_id>/explain/": role(*HANDS, methods="POST", fresh=False),
    "desk/bank/lines/<int:line_id>/by-hand/": role(*HANDS, methods="POST", fresh=False),
    "desk/bank/lines/<int:line_id>/duplicate/": role(*HANDS, methods="POST", fresh=False),
    "desk/bank/matches/": role(*FINANCE),
    "desk/bank/matches/confirm/": role(*HANDS, methods="POST"),
    "desk/bank/matches/<int:match_id>/": role(*FINANCE),
    "desk/bank/matches/<int:match_id>/undo/": role(*HANDS, methods="POST"),
    "desk/bank/payouts/<int:yyyymm>/": role(*FINANCE),
    "desk/bank/payouts/<int:yyyymm>/reason/": role(*HANDS, methods="POST", fresh=False),
    "desk/bank/rules/": role(*FINANCE),
    "desk/bank/rules/<int:rule_id>/stop/": role(*HANDS, methods="POST", fresh=False),
    "desk/opening/": role(*FINANCE),
    "desk/opening/check/": role(*PREPARER, methods="POST", fresh=False),
    "desk/opening/propose/": role(*PREPARER, methods="POST"),
    "desk/opening/<int:opening_id>/approve/": role(*APPROVER, methods="POST"),
    "desk/opening/<int:opening_id>/refuse/": role(*APPROVER, methods="POST"),
    "desk/opening/<int:opening_id>/take-back/": role(*HANDS, methods="POST"),
    # the books and Stripe on the desk
    "desk/entries/<int:entry_id>/": role(*READERS),
    "desk/by-hand/": role(*READERS),
    "desk/by-hand/new/": role(*HANDS, methods="GET POST"),
    "desk/by-hand/<int:manual_id>/": role(*READERS),
    "desk/by-hand/<int:manual_id>/edit/": role(*HANDS, methods="GET POST"),
    "desk/by-hand/<int:manual_id>/approve/": role(*APPROVER, "board", methods="POST"),
    "desk/by-hand/<int:manual_id>/refuse/": role(*APPROVER, "board", methods="POST"),
    "desk/by-hand/<int:manual_id>/documents/<int:attachment_id>/": role(*READERS),
    "desk/exceptions/": role(*READERS),
    "desk/exceptions/<int:exception_id>/": role(*READERS),
    "desk/exceptions/<int:exception_id>/assign/": role(*HANDS, methods="POST", fresh=False),
    "desk/exceptions/<int:exception_id>/settle/": role(*HANDS, methods="POST", fresh=False),
    "desk/stripe/": role(*READERS),
    "desk/stripe/events/<str:event_id>/": role(*READERS),
    "desk/stripe/events/<str:event_id>/try-again/": role(*PREPARER, methods="POST", fresh=False),
    "desk/stripe/calls/": role(*READERS),
    "desk/stripe/calls/<int:call_id>/": role(*READERS),
    "desk/stripe/balance/": role(*READERS),
    "desk/stripe/balance/<str:bt_id>/": role(*READERS),
    "desk/stripe/payouts/": role(*READERS),
    "desk/stripe/payouts/<str:payout_id>/": role(*READERS),
    "desk/stripe/find/": role(*READERS),
    "desk/stripe/objects/<str:object_id>/": role(*READERS),
    # reports
    "partners/<slug:slug>/statements/": anybody(),
    "documents/<sha256:sha256>.pdf": Door("unpublished", FINANCE),
    "verify/": anybody("GET POST"),
    "desk/statements/": role(*FINANCE),
    "desk/statements/request/": role(*HANDS, methods="POST", fresh=False),
    "desk/statements/<int:document_id>/publish/": role(*APPROVER, methods="POST", fresh=False),
    # machines
    "stripe/webhook": STRIPE,
    "api/v1/products": anybody(),
    "api/v1/products/<slug:slug>": anybody(),
    "api/v1/orders/<str:token>": LINK,
    "api/v1/partners/<slug:slug>/totals": anybody(),
    "api/v1/schema": anybody(),
    "api/v1/docs": anybody(),
    "health/live": anybody(),
    "health/ready": anybody(),
    # signing in; every other door below account/ is closed
    "account/login/": SIGNING_IN,
    "account/login/code/": SIGNING_IN,
    "account/login/code/confirm/": SIGNING_IN,
    "account/logout/": SIGNING_IN,
    "account/inactive/": anybody(),
    "account/2fa/authenticate/": SIGNING_IN,
    "account/2fa/": SIGNED_IN,
    "account/2fa/reauthenticate/": SIGNED_IN,
    "account/2fa/totp/activate/": SIGNED_IN,
    "account/2fa/totp/deactivate/": SIGNED_IN,
    "account/2fa/recovery-codes/": SIGNED_IN,
    "account/2fa/recovery-codes/generate/": SIGNED_IN,
    "account/2fa/recovery-codes/download/": SIGNED_IN,
}


def door_of(route: str) -> Door:
    """The door at a route. KeyError: write down above who may pass it."""
    if route.startswith("account/") and route not in DOORS:
        return NOBODY
    return DOORS[route]
