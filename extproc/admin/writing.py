"""The calls of the management API that change gateway.yaml."""

from collections.abc import Callable
from hmac import compare_digest
from typing import Any

from extproc.admin import models
from extproc.admin.changes import (
    ALLOWED,
    Unfit,
    allowing,
    apply,
    checked,
    differences,
    fitting,
    keyed,
    merged,
)
from extproc.admin.editing import Editor
from extproc.admin.providers import provider
from extproc.config import Gateway
from extproc.config.load import parse

Body = dict[str, Any]

LOCK = "config_hash"
KEYS = "keys"


class Refusal(Exception):
    """Why a change is not made: a status, and words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Writing:
    """Changes of backends, each checked against what the caller has seen."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    def create(self, body: Body, *, dry: bool) -> models.Provider:
        """A new backend."""
        name = str(body.get("name", ""))
        custom = body.get("custom_provider_config")
        said = custom.get("base_provider_type") if isinstance(custom, dict) else None
        kind = name if said is None else said
        self._absent(name)
        fresh = _filled({"provider": kind}, body)
        view = _view(parse({"version": 1, "backends": {name: fresh}}), name)

        def edit(data: Any) -> None:
            self._absent(name)  # by now, for nobody else writes meanwhile
            backend = dict(fresh)
            _amend(backend, view, merged(view, _without_keys(body)), body)
            data.setdefault("backends", {})[name] = backend

        wanted = merged(view, _without_keys(body))
        return self._done({"act": "create", "provider": name}, name, edit, (view, wanted), dry=dry)

    def update(self, name: str, body: Body, *, whole: bool, dry: bool) -> models.Provider:
        """What the caller wants GET to answer, or (not `whole`) what of it shall change."""
        now = self._seen(name, body.get(LOCK))
        wanted = _without_keys(body) if whole else merged(now, _without_keys(body))
        if whole:
            wanted.setdefault("name", name)
        names = sorted(differences(now, checked(wanted)))

        def edit(data: Any) -> None:
            self._seen(name, body.get(LOCK))  # still, for nobody else writes meanwhile
            _amend(data["backends"][name], now, wanted, body)

        what = {"act": "update", "provider": name, "fields": names}
        return self._done(what, name, edit, (now, wanted), dry=dry)

    def delete(self, name: str, lock: str | None, *, dry: bool) -> models.Provider:
        """The backend goes, if no route leads to it; what it was is answered."""
        gone = self._seen(name, lock)

        def edit(data: Any) -> None:
            self._seen(name, lock)
            del data["backends"][name]

        self._editor.change({"act": "delete", "provider": name}, edit, dry=dry)
        return models.Provider(**{**gone, "provider_status": "deleted"})

    def route(self, body: Body, *, dry: bool) -> Gateway:
        """A new route, behind all others."""

        def edit(data: Any) -> None:
            data["routes"] = [*(data.get("routes") or []), body]

        return self._editor.change({"act": "route"}, edit, dry=dry)

    def undo(self, *, dry: bool) -> models.Providers:
        """All backends, as they are after that."""
        gateway = self._editor.undo(dry=dry)
        found = [models.Provider(**_view(gateway, name)) for name in gateway.backends]
        return models.Providers(providers=found, total=len(found))

    def history(self) -> models.History:
        """What was changed here."""
        return models.History(changes=[models.Change(**one) for one in self._editor.audit()])

    def _absent(self, name: str) -> None:
        if name in self._editor.current().backends:
            raise Refusal(409, f"there is a provider {name} already")

    def _seen(self, name: str, lock: object) -> Body:
        """What GET answers of the file as it is; the caller must have seen the same."""
        gateway = self._editor.current()
        if name not in gateway.backends:
            raise Refusal(404, f"there is no provider {name}")
        view = _view(gateway, name)
        if not isinstance(lock, str) or not lock:
            raise Refusal(428, f"{LOCK}: say which version you have seen")
        if not compare_digest(lock.encode(), view[LOCK].encode()):
            raise Refusal(409, f"{LOCK}: the provider was changed since; read it again")
        return view

    def _done(
        self,
        what: Body,
        name: str,
        edit: Callable[[Any], None],
        views: tuple[Body, Body],
        *,
        dry: bool,
    ) -> models.Provider:
        """`views`: what GET answers now, and shall answer then."""

        def fits(gateway: Gateway) -> None:
            fitting(_view(gateway, name), differences(*views))

        return models.Provider(**_view(self._editor.change(what, edit, dry=dry, fits=fits), name))


def _view(gateway: Gateway, name: str) -> Body:
    found = provider(name, gateway)
    assert found is not None
    return found.model_dump(mode="json")


def _without_keys(body: Body) -> Body:
    return {name: value for name, value in body.items() if name != KEYS}


def _amend(backend: Any, now: Body, wanted: Body, body: Body) -> None:
    """Puts into a backend what is wanted and is not so now."""
    if KEYS in body:
        keyed(backend, _values(body[KEYS]))
    changed = differences(now, checked(wanted))
    if changed.pop("name", None) is not None:
        raise Unfit("name: a provider keeps its name")
    apply(backend, changed)
    if any(name.startswith(ALLOWED) for name in changed):
        allowing(backend, wanted)


def _values(keys: Any) -> list[Any]:
    """`[{"value": "env.NAME"}]`, or the names alone."""
    if not isinstance(keys, list) or len(keys) > 100:
        raise Unfit("keys: must be a list")
    return [key.get("value") if isinstance(key, dict) else key for key in keys]


def _filled(backend: Body, body: Body) -> Body:
    """A backend that can be looked at before it is whole."""
    made = dict(backend)
    network = body.get("network_config")
    if isinstance(network, dict) and network.get("base_url"):
        made["base_url"] = network["base_url"]
    if KEYS in body:
        keyed(made, _values(body[KEYS]))
    else:
        made["credential"] = "none"
    return made
