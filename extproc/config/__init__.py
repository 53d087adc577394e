"""gateway.yaml: what it may say, reading it, and everything that can be wrong with it."""

from extproc.config.backend import Backend
from extproc.config.clients import load_clients
from extproc.config.gateway import Gateway
from extproc.config.limit import Limit
from extproc.config.load import load, load_and_look, parse, problems
from extproc.config.patterns import Pattern, split
from extproc.config.problem import ConfigError, Problem, refusing, report
from extproc.config.references import ClientKeys, Unresolved, resolve
from extproc.config.route import Route
from extproc.config.schema import digest, schema
from extproc.config.values import SecretRef

__all__ = [
    "Backend",
    "ClientKeys",
    "ConfigError",
    "Gateway",
    "Limit",
    "Pattern",
    "Problem",
    "Route",
    "SecretRef",
    "Unresolved",
    "digest",
    "load",
    "load_and_look",
    "load_clients",
    "parse",
    "problems",
    "refusing",
    "report",
    "resolve",
    "schema",
    "split",
]
