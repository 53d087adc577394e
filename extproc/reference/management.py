"""The page of the management API, with a row for each field of its answers."""

from collections.abc import Iterator

from extproc.admin.changes import WRITERS
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
| `GET /api/exchanges/{id}/raw` | the [bodies](usage.md#bodies) that are kept, where `usage` is |
| `GET /api/status` | what there is: backends, routes, records, clients' keys |
| `GET /api/routes` | who serves which models, at which price |
| `GET /api/backends` | how each does: its addresses as Envoy sees them, its last hour and failure |
| `GET /api/limits?of=…` | the limits, and what is left; `of`: the value of a header |
| `GET /api/traffic?minutes=60` | requests, refusals, tokens, cost and failures, by minute |
| `GET /api/spend?by=client,model&days=30` | the same, summed up; groups as in [usage](usage.md) |
| `GET /api/errors?hours=24&most=100` | attempts that failed, and why; Envoy's refusals, by minute |
| `GET /api/configuration` | gateway.yaml, what is wrong with it, and what was changed here |
| `POST /api/trials/draft`, `POST /api/trials` | a call in a client's format: drafted, made |
| `GET /api/trials`, `GET /api/makers` | those formats; whom a first backend can be of |
| `GET /api/openapi.json` | OpenAPI 3.1: all of this for machines |

`GET /` is [a page](page.md) that shows all of it.

With `admin.write: true` there are also those that change gateway.yaml:

| call | does |
| --- | --- |
| `POST /api/providers` | a new backend: `name`, `base_provider_type`, fields that are writable |
| `PUT /api/providers/{provider}` | the backend as it shall be: every field, as GET tells them |
| `PATCH /api/providers/{provider}` | what of it shall change (a merge patch, RFC 7396) |
| `DELETE /api/providers/{provider}?config_hash=…` | it goes; 400 while a route leads to it |
| `POST /api/routes` | a new route, as gateway.yaml has it, behind all others |
| `POST /api/configuration` | the whole file: `text`, and the `version` that was seen |
| `GET /api/history` | what was changed here, the last one first |
| `POST /api/history/undo` | takes the last change back, if nobody has made another |

- **Nobody overwrites another's change**: PUT, PATCH and DELETE say the `config_hash` that they have
  seen; 428 without one, 409 where it is another by now.
- **`?dry_run=true`** answers what would be, and changes nothing.
- **Keys** are named, never sent: `"keys": [{"value": "env.NAME"}]`, or `file:/path`. Who may write
  decides where the gateway's keys are sent to: guard the key of the API like all of them.
- **The file stays a person's**: comments, order and quotes stay. A change is checked as a whole, as
  `extproc check` does, then written at once; the gateway takes it like any saved file, a second
  later. What the file was is kept in `admin.history`, the last 50 versions, with a line for each
  change.
- **What cannot be said there** is a 400 that names the field: what is fixed, and what a route says
  for itself. A value that is as it was is no change, so what GET answers can be sent back as it is.
- **Retries** of a route are one policy for all of its backends: the most patient one's, and never
  less than its priorities need. A route's own `retry` holds instead; then the change is a 400.
- **Kinds of requests that are one operation here** (`chat_completion`, `responses`, their streams;
  all of files; all of batches) are allowed together or not at all; `operations` is written.

- **Without `admin` there is none**: no port, no process. With it, a process of its own serves it,
  supervised like the workers, which load nothing of it. It answers from the configuration in
  force; address, port and `tls` are those of the start.
- **The key** is taken as `Authorization: Bearer KEY` and in no other way: `x-api-key`, clients'
  keys and tokens of sessions are a 401. It is read anew when its file changes; while it is
  missing, nobody gets in. Serve https (`tls`) where others than this machine reach the port.
- **How backends do**: a token that was not got or not renewed is told in `status`, with the last
  error and its time; with `admin.envoy: true` also whom Envoy, on this machine, passes over after
  failures in a row; and whose [probe](#probes) fails.
- **Errors** are `{"is_bifrost_error": false, "status_code": 404, "error": {"message": "…"}}`.
- **Bounds**: 20 requests a second, 40 at once; without the key 1 and 10; 64 connections, 16 KiB of
  headers, paths of 1,024 bytes, bodies of 64 KiB (1 MiB for the whole file) if any.
  Beyond them: 429 with `retry-after`, 503, 414, 413. A connection ends that takes more than 5 s to
  ask, or more than 30 s for a body and the answer (10 minutes for a trial); one that has not asked
  ends at once where there are 64 and another one comes.
- **Secrets** are never in an answer; of a file of authorities, certificates alone.

## Probes

```yaml
backends:
  openai: {provider: openai, credential: {api_key: env:KEY_A}, probe: {every: 60s, timeout: 10s}}
  voyage: {provider: voyage, credential: {api_key: env:KEY_B}, probe: {path: /v1/files}}
```

Off by default. With `probe` a process of its own asks the backend for its list of models, now and
then, by Envoy's listener for the server's own requests: so with the credential, the TLS and the
proxy of clients' requests. While the answer is a status of 400 or more (but 429), or none,
`provider_status` is `error`, `status` is `probe_failed`, and `description` says what was answered,
when, and since when that is so; the page and `GET /api/backends` show it, too. With the next good
answer it is `active` again.

- `path` is the whole path that is asked for with GET, where the provider has its list elsewhere, or
  none. Without it, `extproc check` refuses a probe of a provider whose list is not known.
- At most 4 backends are asked at a time, each every 10 s at most. Nobody is charged, and nothing is
  recorded. Failures in a row count for `ejection`, as those of clients' requests do.
- A reload asks backends that are new or changed 2 to 4 s later. An Envoy that has all in its
  bootstrap (`--static`) must be rendered again first.
- `probe failed` and `probe succeeded again` in `extproc.events` count the changes.
- A backend whose credential comes with each request has none to be asked with.

## Fields

Generated from the models of the answers. *Fixed*: the gateway has no such setting, and the field
says what holds. Everything else is in force in the data path.

| field | type | effective | writable | where it is said |
| --- | --- | --- | --- | --- |
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
            writable = "yes" if f"{before}{name}" in WRITERS else "no"
            row = (f"`{before}{name}`", _type(kind), effective, writable, said)
            yield f"| {' | '.join(row)} |\n"


TYPES = {str: "string", int: "integer", bool: "boolean", dict[str, str]: "object"}
"""Python's types, as JSON's."""


def _type(kind: object) -> str:
    return next((word for known, word in TYPES.items() if kind == known), "string")
