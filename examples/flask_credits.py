"""A Flask app that charges by what it measures: `flask --app examples.flask_credits:main run --port 9102`.

    curl -X POST -H "X-User: ada" -H "Idempotency-Key: sum-1" http://127.0.0.1:9102/summaries -d "text=A long story."

The most that a summary may cost is set aside before it is made, and what it did cost is settled after. The ledger is
opened by the first request, and shared by all threads of the server. The summarizer is a stand-in that needs no network.
"""

import os

from flask import Flask, Response, jsonify, request

from reelbot.allowance import Malformed, Refused, SyncLedger, Usage

LETTERS_MAX = 4_000
LETTERS_PER_CREDIT = 200


def credits_for(letters: int) -> int:
    """1 AI credit per started two hundred letters that are read."""
    return -(-letters // LETTERS_PER_CREDIT)


def stand_in_summary(text: str) -> str:
    """The first sentence; put your provider in its place."""
    return text.partition(".")[0] + "."


def application(ledger: SyncLedger) -> Flask:
    """The app on a ledger."""
    app = Flask(__name__)

    @app.errorhandler(Refused)
    def refused(no: Refused) -> tuple[Response, int]:
        return jsonify(detail=no.sentence), 402 if no.refusal.shortage else 409

    @app.errorhandler(Malformed)
    def malformed(wrong: Malformed) -> tuple[Response, int]:
        return jsonify(detail=wrong.detail), 400

    @app.post("/summaries")
    def summarize() -> Response:
        """Who asks, your own sign-in says; here it is a header."""
        text = request.form.get("text", "")[:LETTERS_MAX]
        account = ledger.account(request.headers.get("X-User", ""))
        key = request.headers.get("Idempotency-Key", "")
        hold = ledger.hold(account, {"ai_credits": credits_for(LETTERS_MAX)}, key=key, why="A summary")
        summary = stand_in_summary(text)
        receipt = ledger.settle(hold, {"ai_credits": credits_for(len(text))})
        return jsonify(summary=summary, credits=receipt.lines[0].settled)

    @app.get("/usage")
    def usage() -> Response:
        found: Usage = ledger.usage(ledger.account(request.headers.get("X-User", "")))
        return jsonify({one.meter: {"used": one.used, "left": one.remaining} for one in found.meters})

    return app


def main() -> Flask:
    """The app on the ledger that the environment names."""
    return application(SyncLedger.open(os.environ.get("CREDITS", "sqlite:///credits.db")))
