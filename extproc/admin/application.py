"""The paths of the management API."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as Refusal

import extproc
from extproc.admin import models, views
from extproc.admin.changes import Unfit
from extproc.admin.editing import Conflict
from extproc.admin.guard import failure
from extproc.admin.health import Troubles
from extproc.admin.providers import NONE, provider, providers
from extproc.admin.writing import Refusal as Declined
from extproc.admin.writing import Writing
from extproc.config import ConfigError, Gateway
from extproc.config.values import NAME

OPENAPI = "/api/openapi.json"
"""Where the document is that says all of this to machines."""
SCHEME = "Bearer"
SAID = {
    400: "What was sent cannot be used.",
    401: "The key is missing or wrong.",
    404: "There is no such provider.",
    409: "The provider, or gateway.yaml, was changed meanwhile.",
    413: "The body is too large.",
    428: "`config_hash` is missing.",
    429: "Too many requests.",
    503: "The store of records, or the listener, is away.",
}
FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"model": models.Failure, "description": text} for status, text in SAID.items()
}


Name = Annotated[
    str, Path(alias="provider", pattern=f"^{NAME}$", description="A key of `backends`.")
]
Id = Annotated[
    str,
    Path(
        alias="id",
        pattern="^[!-~]{1,200}$",
        description="`request_id` of Envoy, or the id of an attempt.",
    ),
]
Sent = Annotated[dict[str, Any], Body(description="A provider, or a merge patch of one (PATCH).")]
Dry = Annotated[bool, Query(description="Say what would come of it, and change nothing.")]


def application(
    gateway: Callable[[], Gateway],
    writing: Writing | None = None,
    seen: views.Views | None = None,
    kept: Callable[[str], list[Any]] | None = None,
    health: Callable[[Gateway], Troubles] = lambda gateway: NONE,
) -> FastAPI:
    """What is served to who has the key.

    `gateway`: the configuration in force; `writing`: who changes it, if anybody may; `seen`: who
    knows what the page shows; `kept`: the bodies of a request, where any are stored; `health`:
    what is wrong with backends.
    """
    made = FastAPI(
        title="extproc",
        version=extproc.__version__,
        summary="The management API of the gateway.",
        openapi_url=OPENAPI,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=FAILURES,
    )

    @made.get("/api/providers", response_model=models.Providers, tags=["Providers"])
    def list_providers() -> models.Providers:
        """All backends of gateway.yaml."""
        in_force = gateway()
        found = providers(in_force, troubles=health(in_force))
        return models.Providers(providers=found, total=len(found))

    @made.get("/api/providers/{provider}", response_model=models.Provider, tags=["Providers"])
    def get_provider(provider_: Name) -> models.Provider:
        """One backend of gateway.yaml."""
        in_force = gateway()
        found = provider(provider_, in_force, troubles=health(in_force))
        if found is None:
            raise HTTPException(404, f"there is no provider {provider_}")
        return found

    if kept is not None:
        _add_raw(made, kept)
    if writing is not None:
        _add_changes(made, writing)
    if seen is not None:
        views.add(made, seen, writing)
    for kind, handler in HANDLERS.items():
        made.add_exception_handler(kind, handler)
    _secure(made)
    return made


def _add_raw(made: FastAPI, kept: Callable[[str], list[Any]]) -> None:
    @made.get("/api/exchanges/{id}/raw", response_model=models.RawExchange, tags=["Exchanges"])
    def get_raw(id_: Id) -> models.RawExchange:
        """What providers got and answered for one request."""
        found = [models.RawAttempt(**one) for one in kept(id_)]
        if not found:
            raise HTTPException(404, "nothing is kept of it")
        return models.RawExchange(attempts=found)


def _add_changes(made: FastAPI, writing: Writing) -> None:
    @made.post("/api/providers", response_model=models.Provider, tags=["Providers"])
    def create_provider(body: Sent, dry_run: Dry = False) -> models.Provider:
        """A new backend; `keys` name where its keys are."""
        return writing.create(body, dry=dry_run)

    @made.put("/api/providers/{provider}", response_model=models.Provider, tags=["Providers"])
    def replace_provider(provider_: Name, body: Sent, dry_run: Dry = False) -> models.Provider:
        """The backend as it shall be; every field is sent."""
        return writing.update(provider_, body, whole=True, dry=dry_run)

    @made.patch("/api/providers/{provider}", response_model=models.Provider, tags=["Providers"])
    def change_provider(provider_: Name, body: Sent, dry_run: Dry = False) -> models.Provider:
        """What of the backend shall change."""
        return writing.update(provider_, body, whole=False, dry=dry_run)

    @made.delete("/api/providers/{provider}", response_model=models.Provider, tags=["Providers"])
    def delete_provider(
        provider_: Name, config_hash: str = "", dry_run: Dry = False
    ) -> models.Provider:
        """The backend goes, if no route leads to it."""
        return writing.delete(provider_, config_hash, dry=dry_run)

    @made.get("/api/history", response_model=models.History, tags=["History"])
    def list_changes() -> models.History:
        """What was changed here."""
        return writing.history()

    @made.post("/api/history/undo", response_model=models.Providers, tags=["History"])
    def undo(dry_run: Dry = False) -> models.Providers:
        """Takes the last change back, if nobody has changed gateway.yaml since."""
        return writing.undo(dry=dry_run)


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return _answer(error.status_code, str(error.detail).lower())


def _unfit(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["loc"][0] == "path":
        return _answer(404, "there is no such provider")
    return _answer(400, f"{first['loc'][0]}: {str(first['msg']).lower()}")


def _declined(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Declined)
    return _answer(error.status, str(error))


def _wrong(request: Request, error: Exception) -> JSONResponse:
    return _answer(400, str(error))


def _nested(request: Request, error: Exception) -> JSONResponse:
    return _answer(400, "the body is nested too deeply")


def _conflicting(request: Request, error: Exception) -> JSONResponse:
    return _answer(409, str(error))


def _broken(request: Request, error: Exception) -> JSONResponse:
    return _answer(500, "the gateway failed; its log says why")


HANDLERS: dict[type[Exception], Callable[[Request, Exception], JSONResponse]] = {
    Refusal: _refused,
    RequestValidationError: _unfit,
    Declined: _declined,
    ConfigError: _wrong,
    Unfit: _wrong,
    RecursionError: _nested,
    Conflict: _conflicting,
    Exception: _broken,
}


def _answer(status: int, message: str) -> JSONResponse:
    return JSONResponse(failure(status, message), status)


def _secure(made: FastAPI) -> None:
    """The document says how to prove who calls."""
    document = made.openapi()
    document.setdefault("components", {})["securitySchemes"] = {
        SCHEME: {"type": "http", "scheme": "bearer", "description": "The key of `admin.key`."}
    }
    document["security"] = [{SCHEME: []}]
    for path in document["paths"].values():
        for operation in path.values():
            # A path that fits nothing is a 404 here.
            operation["responses"].pop("422", None)
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
