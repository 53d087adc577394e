"""The command line: `extproc serve`, `run`, `render`, `check`, `schema`, `simulate`, `demo`, …

A problem in the configuration ends a command with status 2 and says where it is.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import extproc

if TYPE_CHECKING:
    from extproc.config import Gateway

ABOUT = "An AI gateway for those who run Envoy: any LLM SDK in front, any provider behind."
CONFIG = "gateway.yaml"
PARTS = (
    "listener",
    "clusters",
    "filter",
    "routes",
    "replies",
    "refusals",
    "loopback",
    "placed",
)
"""Of Envoy's configuration."""
PLACES = {
    "kubernetes": "pods of Envoy and server, with all around them",
    "istio": "a gateway workload on Istio",
    "envoy-gateway": "a Gateway of Envoy Gateway",
    "gcp": "GKE, behind Google's load balancer",
    "compose": "containers on one machine",
}
FORMATS = ("table", "csv", "json", "jsonl", "parquet")
"""Of what was used."""
EACH = "jsonl and parquet: every attempt, instead of sums"

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status is returned."""
    options = parser().parse_args(argv)
    run: Command = options.run
    try:
        return run(options)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    root = argparse.ArgumentParser(prog="extproc", description=ABOUT)
    root.add_argument("--version", action="version", version=f"extproc {extproc.__version__}")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "init", init, "write a first gateway.yaml, whose page leads through the rest")
    alone = _add(commands, "serve", serve, "answer Envoy: the ext_proc server and the limiter")
    alone.add_argument("--metadata", action="store_true", help="what Envoy's metadata say: no file")
    alone.add_argument("--sockets", default="/run/extproc", metavar="DIR", help="of --metadata")
    alone.add_argument("--listen", type=_elsewhere, metavar="HOST:PORT", help="of --metadata, too")
    alone.add_argument("--secret", action="append", metavar="REF", help="that --metadata may name")
    own = _add(commands, "run", run, "serve, with an Envoy beside it: nothing else to start")
    own.add_argument("--envoy", type=Path, help="the program; default: the one that is installed")
    _add(commands, "xds", tell, "tell Envoys on other machines their configuration (extproc.xds)")
    _add(commands, "check", check, "report every problem of the configuration")
    _add_render(commands)
    schema = commands.add_parser("schema", help="print the JSON Schema of gateway.yaml")
    schema.set_defaults(run=print_schema)
    _add_providers(commands)
    models = _add(commands, "models", print_models, "list the models that clients can name")
    models.add_argument("--json", action="store_true", help="as GET /v1/models answers")
    _add_usage(commands)
    _add_tools(commands)
    return root


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Command,
    text: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text)
    command.add_argument("--config", default=CONFIG, type=Path, help=f"default: {CONFIG}")
    command.set_defaults(run=run)
    return command


def _add_providers(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    providers = commands.add_parser("providers", help="list the providers and what they serve")
    providers.set_defaults(run=print_providers)
    kinds = providers.add_subparsers(metavar="show NAME")
    show = kinds.add_parser("show", help="print all that is known of one, in Markdown")
    show.add_argument("name", metavar="NAME")
    show.set_defaults(run=print_provider)


def _add_usage(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    used = _add(commands, "usage", print_usage, "what was used and what it cost, summed up")
    used.add_argument("--by", default="client,model", help="client, model, backend, day, …")
    used.add_argument("--since", default="30d", help="7d (ago), or 2026-11-30 (UTC); default: 30d")
    used.add_argument("--until", default="", help="the same; default: now")
    used.add_argument("--format", choices=FORMATS, default="table", help=EACH)
    used.add_argument("-o", "--output", type=Path, help="a file, written with mode 0600")
    used.add_argument("--raw", metavar="ID", help="instead: the bodies that are kept of a request")


def _add_render(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    render = commands.add_parser("render", help="print configuration for others")
    kinds = render.add_subparsers(required=True, metavar="KIND")
    envoy = _add(kinds, "envoy", render_envoy, "the whole Envoy bootstrap")
    envoy.add_argument("--output", type=Path, help="a file, written with mode 0600")
    envoy.add_argument(
        "--static",
        action="store_true",
        help="all in one file, which Envoy reads at its start",
    )
    envoy.add_argument(
        "--part", choices=PARTS, help="one part, to paste into an Envoy that runs already"
    )
    envoy.add_argument(
        "--domain", action="append", help="of --part routes and placed; may be given again"
    )
    envoy.add_argument("--node", default="envoy", help="the name by which the server knows it")
    envoy.add_argument(
        "--xds", type=_elsewhere, metavar="HOST:PORT", help="ask there, not the server beside it"
    )
    for name in ("ca", "certificate", "key"):
        envoy.add_argument(f"--xds-{name}", default="", metavar="FILE", help="for TLS with --xds")
    for place, text in PLACES.items():
        whole = _add(kinds, place, render_place, text)
        whole.add_argument("--output", type=Path, help="a file, written with mode 0600")
        whole.set_defaults(place=place)
        whole.add_argument("--namespace", default="ai-gateway")
        whole.add_argument("--image", default="extproc", help="of the server; default: extproc")
        whole.add_argument("--domain", action="append", help="of a mesh; may be given again")
    limits = _add(kinds, "ratelimit", render_ratelimit, "the limits, for envoyproxy/ratelimit")
    limits.add_argument("--output", type=Path)


def _add_tools(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    simulate = commands.add_parser("simulate", help="a provider on loopback, for trying things")
    simulate.add_argument("--host", default="127.0.0.1")
    simulate.add_argument("--port", default=8000, type=int)
    simulate.set_defaults(run=run_simulator)
    demo = commands.add_parser("demo", help="Envoy, server, limiter and simulator, and a few calls")
    demo.add_argument("--once", action="store_true", help="make the calls and exit")
    demo.set_defaults(run=run_demo)
    bench = commands.add_parser("bench", help="measure against the budgets")
    bench.add_argument("words", nargs="*", metavar="ROW", help="only rows whose name has a word")
    bench.add_argument("--quick", action="store_true", help="a smoke run: nothing to rely on")
    bench.add_argument("--json", type=Path, help="write the results there, too")
    bench.add_argument("--docs", type=Path, help="a directory for speed.md and speed.svg")
    bench.set_defaults(run=run_bench)


def init(options: argparse.Namespace) -> int:
    """`extproc init`."""
    from extproc.admin.first import Unable, begin

    try:
        print("\n".join(begin(options.config)))
    except Unable as error:
        return _refuse(error)
    return 0


def serve(options: argparse.Namespace) -> int:
    """`extproc serve`."""
    from extproc.process import serve

    if options.metadata:
        return serve.serve_described(options.sockets, options.listen, options.secret)
    return serve.serve(options.config)


def run(options: argparse.Namespace) -> int:
    """`extproc run`."""
    from extproc.process.serve import run

    return run(options.config, options.envoy)


def tell(options: argparse.Namespace) -> int:
    """`extproc xds`."""
    from extproc.process.serve import tell

    return tell(options.config)


def check(options: argparse.Namespace) -> int:
    """`extproc check`."""
    from extproc.config import problems, report

    found = problems(options.config)
    if found:
        return _refuse(report(found))
    print(f"{options.config}: no problems")
    return 0


def render_envoy(options: argparse.Namespace) -> int:
    """`extproc render envoy`."""
    from extproc.config import ConfigError, Unresolved, load
    from extproc.render.bootstrap import bootstrap, part

    try:
        gateway = load(options.config)
        if options.part:
            text = part(options.part, gateway, options.config, options.domain)
        else:
            text = (
                bootstrap(gateway, options.config) if options.static else _small(gateway, options)
            )
    except (ConfigError, Unresolved) as error:
        return _refuse(error)
    if options.part == "placed":
        from extproc.render.placed import unheeded

        _warn(unheeded(gateway))
    return _write(text, options.output)


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        print(warning, file=sys.stderr)


def _small(gateway: "Gateway", options: argparse.Namespace) -> str:
    from extproc.render.envoy import render_small
    from extproc.render.services import Elsewhere

    if options.xds is None:
        return render_small(gateway, options.node)
    host, port = options.xds
    files = {name: getattr(options, f"xds_{name}") for name in ("ca", "certificate", "key")}
    return render_small(gateway, options.node, Elsewhere(host=host, port=port, **files))


def _elsewhere(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError("must be HOST:PORT")
    return host.strip("[]"), int(port)


def render_place(options: argparse.Namespace) -> int:
    """`extproc render kubernetes` and the like."""
    from extproc.config import ConfigError, Unresolved, load
    from extproc.render.places.objects import Impossible
    from extproc.render.places.pod import Source
    from extproc.render.places.rendering import rendering

    try:
        gateway = load(options.config)
        source = Source(gateway, options.config, options.namespace, options.image)
        found = rendering(options.place, source, options.domain)
    except (ConfigError, Unresolved, Impossible) as error:
        return _refuse(error)
    _warn(found.warnings)
    return _write(found.text, options.output)


def render_ratelimit(options: argparse.Namespace) -> int:
    """`extproc render ratelimit`."""
    from extproc.config import ConfigError, load
    from extproc.exchange import compile
    from extproc.render import ratelimit

    try:
        rendering = ratelimit.render(compile.limits(load(options.config)))
    except ConfigError as error:
        return _refuse(error)
    _warn(rendering.warnings)
    return _write(rendering.text, options.output)


def _refuse(error: object) -> int:
    # A standard error that takes nothing changes no status, as it would if Python flushed it later.
    with suppress(OSError), open(2, "w", closefd=False, errors="backslashreplace") as stderr:
        stderr.write(f"{error}\n")
    return 2


def _write(text: str, output: Path | None) -> int:
    if output is None:
        sys.stdout.write(text)
        return 0
    output.touch(mode=0o600, exist_ok=True)
    output.write_text(text)
    return 0


def print_schema(options: argparse.Namespace) -> int:
    """`extproc schema`."""
    import orjson

    from extproc.config import schema

    print(orjson.dumps(schema(), option=orjson.OPT_INDENT_2).decode())
    return 0


def print_providers(options: argparse.Namespace) -> int:
    """`extproc providers`."""
    from extproc.reference import overview

    print("\n".join(overview.lines()))
    return 0


def print_provider(options: argparse.Namespace) -> int:
    """`extproc providers show NAME`."""
    from extproc.config.problem import guess
    from extproc.reference.page import page
    from providers.catalog import PROVIDERS

    provider = PROVIDERS.get(options.name)
    if provider is None:
        return _refuse(guess("unknown provider", options.name, tuple(sorted(PROVIDERS))))
    print(page(provider), end="")
    return 0


def print_models(options: argparse.Namespace) -> int:
    """`extproc models`."""
    import orjson

    from extproc.config import ConfigError, load
    from extproc.exchange.compile import compile_plan
    from providers.neutral.listing import OPENAI

    try:
        plan = compile_plan(load(options.config))
    except ConfigError as error:
        return _refuse(error)
    if options.json:
        print(orjson.dumps(OPENAI.many(plan.models())).decode())
    else:
        print("\n".join(model.id for model in plan.models()))
    return 0


def print_usage(options: argparse.Namespace) -> int:
    """`extproc usage`."""
    import os
    import shutil

    from extproc.config.credential_rules import installed

    if not installed("sqlalchemy"):
        return _refuse("needs sqlalchemy, not installed: pip install 'extproc[usage]'")
    from extproc.usage.command import Question, Refused, answer, bodies, groups, moment
    from extproc.usage.report import GROUPS

    if options.raw:
        return _said(lambda: bodies(options.config, options.raw, os.environ), Refused)
    try:
        by = groups(options.by)
    except ValueError:
        return _refuse(f"--by: must be different ones of {', '.join(GROUPS)}")
    try:
        since = moment(options.since)
        until = moment(options.until) if options.until else float("inf")
    except ValueError:
        return _refuse("--since, --until: must be a duration such as 7d, or a date")
    width = shutil.get_terminal_size((140, 24)).columns
    question = Question(
        config=options.config, by=by, since=since, until=until, form=options.format, width=width
    )
    return _said(lambda: answer(question, os.environ, options.output), Refused)


def _said(answer: Callable[[], str], refused: type[Exception]) -> int:
    try:
        print(answer(), end="")
    except refused as error:
        return _refuse(error)
    return 0


def run_simulator(options: argparse.Namespace) -> int:
    """`extproc simulate`."""
    from extproc.lab.simulator import run

    return run(options.host, options.port, ready=lambda one: print(one.url, flush=True))


def run_demo(options: argparse.Namespace) -> int:
    """`extproc demo`."""
    from extproc.lab.demo import demo

    return demo(once=options.once)


def run_bench(options: argparse.Namespace) -> int:
    """`extproc bench`."""
    from extproc.lab.bench import bench

    return bench(options.words, quick=options.quick, output=options.json, docs=options.docs)
