"""The page of the management API, with a row for each field of its answers."""

from collections.abc import Iterator

from extproc.admin.models import Answer, Provider

FIXED = "Fixed"
"""How the description of a field begins that nothing can change."""

INTRODUCTION = """\
# Management API

What the gateway is made of, for programs that already know Bifrost's API of providers: the same
paths, names, types and meaning. A *provider* there is a *backend* of gateway.yaml here.

```yaml
# pip install 'extproc[admin]'
admin: {address: 127.0.0.1, port: 8081, key: "env:EXTPROC_ADMIN_KEY"}
```

```sh
curl -H "Authorization: Bearer $EXTPROC_ADMIN_KEY" http://127.0.0.1:8081/api/providers
```

| call | answer |
| --- | --- |
| `GET /api/providers` | `{"providers": […], "total": N}`, in the order of gateway.yaml |
| `GET /api/providers/{provider}` | one of them; 404 where there is none |
| `GET /api/openapi.json` | OpenAPI 3.1: all of this for machines |

- **Without `admin` there is none**: no port, no process. With it, a process of its own serves it,
  supervised like the workers, which load nothing of it. It answers from the configuration in
  force; address, port and `tls` are those of the start.
- **The key** is taken as `Authorization: Bearer KEY` and in no other way: `x-api-key`, clients'
  keys and tokens of sessions are a 401. It is read anew when its file changes; while it is
  missing, nobody gets in. Serve https (`tls`) where others than this machine reach the port.
- **Errors** are `{"is_bifrost_error": false, "status_code": 404, "error": {"message": "…"}}`.
- **Bounds**: 20 requests a second, 40 at once; without the key 1 and 10; 64 connections, 16 KiB of
  headers, paths of 1,024 bytes, no bodies. Beyond them: 429 with `retry-after`, 503, 414, 413.
- **Secrets** are never in an answer; of a file of authorities, certificates alone.

## Fields

Generated from the models of the answers. *Fixed*: the gateway has no such setting, and the field
says what holds. Everything else is in force in the data path.

| field | type | effective | where it is said |
| --- | --- | --- | --- |
"""


def page() -> str:
    """docs/management.md."""
    return INTRODUCTION + "".join(_rows(Provider, ""))


def _rows(model: type[Answer], before: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Answer):
            yield from _rows(kind, f"{before}{name}.")
        else:
            said = " ".join((field.description or "").split())
            effective = "no" if said.startswith(FIXED) else "yes"
            yield f"| `{before}{name}` | {_type(kind)} | {effective} | {said} |\n"


TYPES = {str: "string", int: "integer", bool: "boolean", dict[str, str]: "object"}
"""Python's types, as JSON's."""


def _type(kind: object) -> str:
    return next((word for known, word in TYPES.items() if kind == known), "string")
