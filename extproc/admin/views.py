"""The paths that the page asks, beside those for providers."""

from typing import Annotated, Any

import msgspec
from fastapi import Body, FastAPI, Query
from fastapi.responses import StreamingResponse

from extproc.admin import answers, looking
from extproc.admin.beginning import makers
from extproc.admin.budgets import Budgets
from extproc.admin.configuring import Configuring
from extproc.admin.looking import Looking
from extproc.admin.trying import TRIED, Trying, draft
from extproc.admin.writing import Refusal, Writing

GROUPS = ("client", "model", "backend", "provider", "operation", "day", "failure")
LINES = "application/x-ndjson"

Minutes = Annotated[int, Query(ge=1, le=1_440, description="How far back.")]
Hours = Annotated[int, Query(ge=1, le=168, description="How far back.")]
Days = Annotated[int, Query(ge=1, le=400, description="How far back.")]
Most = Annotated[int, Query(ge=1, le=500, description="How many.")]
By = Annotated[str, Query(max_length=100, description=f"Groups: {', '.join(GROUPS)}.")]
Of = Annotated[str, Query(max_length=256, description="The value of a header, for limits on one.")]
Dry = Annotated[bool, Query(description="Say what would come of it, and change nothing.")]
RouteBody = Annotated[
    dict[str, Any], Body(description="A route, as in gateway.yaml: `models`, `backends`, `price`.")
]


class Views(msgspec.Struct, frozen=True, kw_only=True):
    """Who knows what is asked for."""

    looking: Looking
    budgets: Budgets
    configuring: Configuring
    trying: Trying


def add(made: FastAPI, views: Views, writing: Writing | None) -> None:
    """Adds the paths; those that change something where anybody may."""
    _add_sights(made, views)
    _add_sums(made, views)
    _add_trials(made, views)
    if writing is not None:
        _add_changes(made, views, writing)


def _add_sights(made: FastAPI, views: Views) -> None:
    @made.get("/api/status", tags=["Page"])
    def status() -> answers.Status:
        """What there is to be seen."""
        return views.looking.status()

    @made.get("/api/backends", tags=["Page"])
    def backends() -> answers.Backends:
        """How each backend does, by Envoy and by what was recorded."""
        return views.looking.backends()

    @made.get("/api/routes", tags=["Page"])
    def routes() -> answers.Routes:
        """Who serves which models."""
        return looking.routes(views.looking.gateway())

    @made.get("/api/limits", tags=["Page"])
    def limits(of: Of = "") -> answers.Budgets:
        """The limits, and what is left of each."""
        return views.budgets.all(of)

    @made.get("/api/configuration", tags=["Configuration"])
    def configuration() -> answers.Configuration:
        """gateway.yaml as it is, and what is wrong with it."""
        return views.configuring.read()

    @made.get("/api/makers", tags=["Page"])
    def list_makers() -> answers.Makers:
        """Whom a first backend can be of."""
        return makers()


def _add_sums(made: FastAPI, views: Views) -> None:
    @made.get("/api/traffic", tags=["Page"])
    def traffic(minutes: Minutes = 60) -> answers.Traffic:
        """Requests, tokens, cost and failures, minute by minute."""
        return views.looking.traffic(minutes)

    @made.get("/api/spend", tags=["Page"])
    def spend(by: By = "client,model", days: Days = 30) -> answers.Spend:
        """Who has used what, and what it cost."""
        groups = by.split(",")
        if not {*groups} <= {*GROUPS} or len({*groups}) < len(groups):
            raise Refusal(400, f"by: must be different ones of {', '.join(GROUPS)}")
        return views.looking.spend(groups, days)

    @made.get("/api/errors", tags=["Page"])
    def errors(hours: Hours = 24, most: Most = 100) -> answers.Errors:
        """What has failed, and why."""
        return views.looking.errors(hours, most)


def _add_trials(made: FastAPI, views: Views) -> None:
    @made.get("/api/trials", tags=["Page"])
    def dialects() -> answers.Dialects:
        """Formats in which a conversation can be tried."""
        return answers.Dialects(dialects=sorted(TRIED, key=lambda one: (one != "openai.chat", one)))

    @made.post("/api/trials/draft", tags=["Page"])
    def drafted(trial: answers.Trial) -> answers.Draft:
        """The request that would be made; none is."""
        return draft(trial)

    @made.post(
        "/api/trials",
        tags=["Page"],
        response_class=StreamingResponse,
        responses={200: {"content": {LINES: {}}, "description": "What comes back, line by line."}},
    )
    async def tried(trial: answers.Trial) -> StreamingResponse:
        """A conversation through the gateway, as any client's."""
        return StreamingResponse(views.trying.begin(trial), media_type=LINES)


def _add_changes(made: FastAPI, views: Views, writing: Writing) -> None:
    @made.post("/api/configuration", tags=["Configuration"])
    def configure(wanted: answers.Wanted, dry_run: Dry = False) -> answers.Compared:
        """gateway.yaml as it shall be; what that changes in Envoy's configuration."""
        return views.configuring.put(wanted, dry=dry_run)

    @made.post("/api/routes", tags=["Configuration"])
    def create_route(body: RouteBody, dry_run: Dry = False) -> answers.Routes:
        """A new route, behind all others; what there is then."""
        return looking.routes(writing.route(body, dry=dry_run))
