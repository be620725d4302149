"""`/mail`: what the product sent, to read and to click."""

from __future__ import annotations

import io

from flask import Blueprint, Response, abort, jsonify, render_template, request, send_file

from sandbox.context import Context
from sandbox.mail import Message

FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def add_routes(pages: Blueprint, ctx: Context) -> None:
    """The list, one message, its HTML part alone (for a sandboxed frame), its files, and JSON for tests."""

    @pages.get("/mail")
    def mail() -> str:
        to = request.args.get("to", "").strip()
        return render_template("pages/mail.html", messages=_chosen(ctx, to), to=to)

    @pages.get("/mail.json")
    def mail_json() -> Response:
        messages = _chosen(ctx, request.args.get("to", "").strip())
        return jsonify({"messages": [message.to_json() for message in messages]})

    @pages.get("/mail/<message_id>")
    def message(message_id: str) -> str:
        return render_template("pages/message.html", message=_found(ctx, message_id))

    @pages.get("/mail/<message_id>/html")
    def message_html(message_id: str) -> Response:
        page = Response(
            '<base target="_blank">' + _found(ctx, message_id).html, content_type="text/html; charset=utf-8"
        )
        page.headers["Content-Security-Policy"] = FRAME_POLICY
        return page

    @pages.get("/mail/<message_id>/raw")
    def message_raw(message_id: str) -> Response:
        return Response(_found(ctx, message_id).raw, content_type="text/plain; charset=utf-8")

    @pages.get("/mail/<message_id>/attachments/<int:number>")
    def attachment(message_id: str, number: int) -> Response:
        files = _found(ctx, message_id).attachments
        if not 1 <= number <= len(files):
            abort(404)
        file = files[number - 1]
        return send_file(
            io.BytesIO(file.content), mimetype=file.content_type, as_attachment=True, download_name=file.filename
        )


def _chosen(ctx: Context, to: str) -> list[Message]:
    return ctx.mailbox.addressed_to(to) if to else ctx.mailbox.messages


def _found(ctx: Context, message_id: str) -> Message:
    message = ctx.mailbox.find(message_id)
    if message is None:
        abort(404)
    return message
