"""A Django site that pays for each poem it makes: `python examples/django_credits.py runserver 9101`.

    curl -X POST -H "X-User: ada" -H "Idempotency-Key: poem-1" http://127.0.0.1:9101/poems -d "about=rain"

The settings stand in this one file. The ledger is named here and opened by the first request, so that it works behind
servers that load the site first and fork then, such as gunicorn with `--preload`. The view holds the most that a poem may
cost, makes it, and settles what it did cost, all in one request: when making it fails, the credits go back. A request that
comes again with its key is paid for once. The poet is a stand-in that needs no network.
"""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

from reelbot.allowance import Malformed, Refused, SyncLedger

WORDS_MAX = 40
WORDS_PER_CREDIT = 10

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost", "testserver"],
    DEBUG=False,
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY", "for this example only"),
    CREDITS=os.environ.get("CREDITS", "sqlite:///credits.db"),
)

LEDGER = SyncLedger.open(settings.CREDITS)


def credits_for(words: int) -> int:
    """1 AI credit per started ten words."""
    return -(-words // WORDS_PER_CREDIT)


def stand_in_poet(about: str) -> str:
    """A poem of 24 words at most; put your provider in its place."""
    if not about:
        raise ValueError("a poem about nothing")
    return f"{about} falls, and falls again, " * 4


def refused(no: Refused) -> HttpResponseBase:
    """402 at a limit; 409 where the key's hold has ended otherwise, as of a poem that failed before."""
    return JsonResponse({"detail": no.sentence}, status=402 if no.refusal.shortage else 409)


@require_POST
def poems(request: HttpRequest) -> HttpResponseBase:
    """Make a poem for whoever asks. Who that is, your own sign-in says: `request.user.get_username()`."""
    try:
        account = LEDGER.account(request.headers.get("X-User", ""))
        key = request.headers.get("Idempotency-Key", "")
        hold = LEDGER.hold(account, {"ai_credits": credits_for(WORDS_MAX)}, key=key, why="A poem", expires_in=60)
    except Malformed as wrong:
        return JsonResponse({"detail": wrong.detail}, status=400)
    except Refused as no:
        return refused(no)
    try:
        poem = stand_in_poet(request.POST.get("about", ""))
    except ValueError as error:  # whatever else goes wrong, the hold goes back within its minute
        LEDGER.release(hold, why="No poem came of it")
        return JsonResponse({"detail": str(error)}, status=422)
    try:
        receipt = LEDGER.settle(hold, {"ai_credits": credits_for(len(poem.split()))})
    except Refused as no:
        return refused(no)
    (meter,) = receipt.meters
    return JsonResponse({"poem": poem.strip(), "credits": receipt.lines[0].settled, "left": meter.remaining})


urlpatterns = [path("poems", poems)]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
