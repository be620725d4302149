"""The page on which the owner of a connected account answers Stripe's questions."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.context import Context
from sandbox.engine import onboarding


def add_routes(pages: Blueprint, ctx: Context) -> None:
    """`/c/onboard/<link>` works once and leads to `/c/onboarding/<visit>`; both work without JavaScript."""

    @pages.get("/c/onboard/<link>")
    def follow_link(link: str) -> Response:
        with ctx.store.lock:
            visit, elsewhere = onboarding.open_link(ctx, link)
        if visit is None and elsewhere is None:
            abort(404)
        return redirect(elsewhere or url_for(".onboard", visit=visit), 303)

    @pages.get("/c/onboarding/<visit>")
    def onboard(visit: str) -> str:
        with ctx.store.lock:
            found = onboarding.visit_of(ctx, visit) or abort(404)
            account = ctx.store.get("account", found["account"])
        return render_template("pages/onboarding.html", account=account, platform=ctx.settings.account_name)

    @pages.post("/c/onboarding/<visit>")
    def answer_questions(visit: str) -> Response:
        with ctx.store.lock:
            found = onboarding.visit_of(ctx, visit) or abort(404)
            account = ctx.store.get("account", found["account"])
            if request.form.get("answer") in ("finish", "restrict"):
                onboarding.finish(ctx, account, restricted=request.form["answer"] == "restrict")
        return redirect(found["return_url"], 303)
