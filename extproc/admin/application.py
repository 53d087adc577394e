"""The paths of the management API."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as Refusal

import extproc
from extproc.admin import models
from extproc.admin.guard import failure
from extproc.admin.providers import provider, providers
from extproc.config import Gateway
from extproc.config.values import NAME

OPENAPI = "/api/openapi.json"
"""Where the document is that says all of this to machines."""
SCHEME = "Bearer"
SAID = {
    401: "The key is missing or wrong.",
    404: "There is no such provider.",
    429: "Too many requests.",
}
FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"model": models.Failure, "description": text} for status, text in SAID.items()
}


def application(gateway: Callable[[], Gateway]) -> FastAPI:
    """What is served to who has the key; `gateway`: the configuration in force."""
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
        found = providers(gateway())
        return models.Providers(providers=found, total=len(found))

    @made.get("/api/providers/{provider}", response_model=models.Provider, tags=["Providers"])
    def get_provider(
        provider_: Annotated[
            str, Path(alias="provider", pattern=f"^{NAME}$", description="A key of `backends`.")
        ],
    ) -> models.Provider:
        """One backend of gateway.yaml."""
        found = provider(provider_, gateway())
        if found is None:
            raise HTTPException(404, f"there is no provider {provider_}")
        return found

    made.add_exception_handler(Refusal, _refused)
    made.add_exception_handler(RequestValidationError, _unfit)
    made.add_exception_handler(Exception, _broken)
    _secure(made)
    return made


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return _answer(error.status_code, str(error.detail).lower())


def _unfit(request: Request, error: Exception) -> JSONResponse:
    return _answer(404, "there is no such provider")


def _broken(request: Request, error: Exception) -> JSONResponse:
    return _answer(500, "the gateway failed; its log says why")


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
