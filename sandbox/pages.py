"""What a person sees of the sandbox: payment pages, mail, and a dashboard of clock, events and objects."""

from __future__ import annotations

import copy
import datetime
import importlib.resources
import json
from typing import Any

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from sandbox import mail_pages, onboarding_page, payment_page
from sandbox.context import Context
from sandbox.errors import StripeError
from sandbox.formatting import FILTERS

ROWS_MAX = 40
STEPS_S = {"1 hour": 3_600, "1 day": 86_400, "1 week": 604_800, "1 month": 31 * 86_400}
FONTS = {
    "sans.ttf": ("font_source_sans_pro", "SourceSansPro-Regular.ttf"),
    "sans-semibold.ttf": ("font_source_sans_pro", "SourceSansPro-Semibold.ttf"),
    "serif-semibold.ttf": ("font_source_serif_pro", "SourceSerifPro-Semibold.ttf"),
}
# No form-action: the payment form ends in a redirect to the shop, which browsers hold to that rule too.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def register(app: Flask, ctx: Context) -> None:
    """Add every page to the app; `ctx.engine`, `ctx.deliverer` and `ctx.mailbox` are read when a page is asked for."""
    pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/_pages")
    payment_page.add_routes(pages, ctx)
    mail_pages.add_routes(pages, ctx)
    onboarding_page.add_routes(pages, ctx)
    _add_dashboard(pages, ctx)
    _add_objects(pages, ctx)
    _add_fonts(pages)
    for name, function in FILTERS.items():
        pages.add_app_template_filter(function, name)

    @pages.errorhandler(StripeError)
    def refused(refusal: StripeError) -> tuple[str, int]:
        return render_template("pages/missing.html", message=refusal.message), refusal.status

    @pages.errorhandler(404)
    def missing(_: Exception) -> tuple[str, int]:
        return render_template("pages/missing.html", message="There is nothing at this address."), 404

    @pages.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    app.register_blueprint(pages)


def _add_dashboard(pages: Blueprint, ctx: Context) -> None:
    @pages.get("/")
    def dashboard() -> str:
        with ctx.store.lock:
            events = copy.deepcopy(ctx.store.newest("event")[:ROWS_MAX])
            counts = {name: len(table) for name, table in sorted(ctx.store.objects.items()) if table}
        log = ctx.deliverer.log
        latest: dict[str, dict[str, Any]] = {}
        for row in log:
            latest.setdefault(row["event"], row)
        return render_template(
            "pages/dashboard.html",
            now=ctx.now(),
            offset_s=ctx.clock.offset_s,
            steps=STEPS_S,
            events=events,
            counts=counts,
            attempts=log[:ROWS_MAX],
            latest=latest,
            pending=ctx.deliverer.pending,
            endpoints=ctx.deliverer.endpoints,
            paused=ctx.deliverer.paused,
            mails=len(ctx.mailbox.messages),
            message=request.args.get("message", "")[:200],
        )

    @pages.post("/clock")
    def clock() -> Redirect:
        target = _target(request.form.get("to", ""), request.form.get("advance_s", ""), ctx.now())
        if target is None:
            return _back("Choose a moment that lies ahead of the sandbox's clock.")
        ran = ctx.engine.advance(target)
        return _back(f"The clock moved; {ran} {'thing' if ran == 1 else 'things'} fell due.")

    @pages.post("/webhooks")
    def webhooks() -> Redirect:
        ctx.deliverer.paused = request.form.get("paused") == "true"
        return _back("Deliveries are held back." if ctx.deliverer.paused else "Deliveries go out again.")

    @pages.post("/events/<event_id>/resend")
    def resend(event_id: str) -> Redirect:
        with ctx.store.lock:
            event = copy.deepcopy(ctx.store.get("event", event_id))
        sent = ctx.deliverer.enqueue(event)
        return _back(f"{event_id} goes to {sent} {'endpoint' if sent == 1 else 'endpoints'} again.")


def _target(to: str, advance_s: str, now: int) -> int | None:
    """The wanted unix time, or None when it is missing, unreadable or not ahead."""
    try:
        if advance_s:
            target = now + int(advance_s)
        else:
            target = int(datetime.datetime.fromisoformat(to).replace(tzinfo=datetime.UTC).timestamp())
    except ValueError:
        return None
    return target if target > now else None


def _back(message: str) -> Redirect:
    return redirect(url_for(".dashboard", message=message), 303)


def _add_objects(pages: Blueprint, ctx: Context) -> None:
    @pages.get("/objects/<name>")
    def object_list(name: str) -> str:
        with ctx.store.lock:
            if name not in ctx.store.objects:
                abort(404)
            rows = copy.deepcopy(ctx.store.newest(name)[:500])
        return render_template("pages/objects.html", name=name, rows=rows)

    @pages.get("/objects/<name>/<object_id>")
    def object_page(name: str, object_id: str) -> str:
        with ctx.store.lock:
            found = copy.deepcopy(ctx.store.get(name, object_id))
            events = [
                copy.deepcopy(event)
                for event in ctx.store.newest("event")
                if event["data"]["object"].get("id") == object_id
            ]
        return render_template(
            "pages/object.html", name=name, found=found, body=json.dumps(found, indent=2), events=events
        )

    @pages.get("/find/<object_id>")
    def find(object_id: str) -> Redirect:
        with ctx.store.lock:
            found = ctx.store.find(object_id)
        if found is None:
            abort(404)
        return redirect(url_for(".object_page", name=found["object"], object_id=object_id), 302)


def _add_fonts(pages: Blueprint) -> None:
    @pages.get("/_pages/fonts/<name>")
    def font(name: str) -> Response:
        package, file_name = FONTS.get(name, ("", ""))
        try:
            content = (importlib.resources.files(package) / "files" / file_name).read_bytes()
        except (ModuleNotFoundError, ValueError, OSError):
            abort(404)  # the packages are optional: the style sheet names fonts of the system next
        return Response(content, content_type="font/ttf", headers={"Cache-Control": "max-age=86400"})
