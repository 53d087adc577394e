"""Agents as people start them: a command, its environment, its files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.agents.clients.order import order

NOTE = "the colour is teal"
ALLOW = {"IS_SANDBOX": "1"}
"""Claude Code lets root skip its questions only in a sandbox."""


class Program(NamedTuple):
    """One agent."""

    command: list[str]
    """Up to the prompt."""
    more: list[str]
    """The same, for a second prompt in the same session."""
    environment: Callable[[str], dict[str, str]]
    """By the gateway's URL."""
    files: Callable[[str], dict[str, str]]
    """Path below its home → text, by the gateway's URL."""
    reads: str
    """How the model makes it read the note: a prompt with an order."""


def no_files(url: str) -> dict[str, str]:
    return {}


def reading(tool: str, **arguments: str) -> str:
    return order("what colour?", call_tool=tool, arguments=arguments, rounds=2, reasoning=3)


def codex_files(url: str) -> dict[str, str]:
    text = f"""
model = "gpt-5"
model_provider = "gateway"
[model_providers.gateway]
name = "Gateway"
base_url = "{url}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
"""
    return {".codex/config.toml": text}


def gemini_files(url: str) -> dict[str, str]:
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
    return {".gemini/settings.json": json.dumps(settings)}


def opencode_files(url: str) -> dict[str, str]:
    model = {"name": "Smart", "attachment": True, "tool_call": True}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{url}/v1", "apiKey": "client-key"},
        "models": {"smart": model},
    }
    config = {
        "model": "gateway/smart",
        "provider": {"gateway": provider},
        "permission": "allow",
        "autoupdate": False,
    }
    return {"work/opencode.json": json.dumps(config)}


CLAUDE = ["claude", "--print", "--dangerously-skip-permissions"]
CODEX = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
GEMINI = ["gemini", "--skip-trust", "--yolo"]

PROGRAMS = {
    "claude-code": Program(
        command=CLAUDE,
        more=[*CLAUDE, "--continue"],
        environment=lambda url: {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "client-key",
            **ALLOW,
        },
        files=no_files,
        reads=reading("Bash", command="cat note.txt"),
    ),
    "claude-code-vertex": Program(
        command=CLAUDE,
        more=[*CLAUDE, "--continue"],
        environment=lambda url: {
            "CLAUDE_CODE_USE_VERTEX": "1",
            "CLAUDE_CODE_SKIP_VERTEX_AUTH": "1",
            "ANTHROPIC_VERTEX_BASE_URL": f"{url}/v1",
            "ANTHROPIC_VERTEX_PROJECT_ID": "project",
            "CLOUD_ML_REGION": "us-east5",
            **ALLOW,
        },
        files=no_files,
        reads=reading("Bash", command="cat note.txt"),
    ),
    "claude-code-bedrock": Program(
        command=CLAUDE,
        more=[*CLAUDE, "--continue"],
        environment=lambda url: {
            "CLAUDE_CODE_USE_BEDROCK": "1",
            "CLAUDE_CODE_SKIP_BEDROCK_AUTH": "1",
            "ANTHROPIC_BEDROCK_BASE_URL": url,
            "AWS_REGION": "us-east-1",
            **ALLOW,
        },
        files=no_files,
        reads=reading("Bash", command="cat note.txt"),
    ),
    "codex": Program(
        command=["codex", "exec", *CODEX],
        more=["codex", "exec", "resume", "--last", *CODEX],
        environment=lambda url: {"GATEWAY_KEY": "client-key"},
        files=codex_files,
        reads=reading("exec_command", cmd="cat note.txt"),
    ),
    "gemini-cli": Program(
        command=[*GEMINI, "--prompt"],
        more=[*GEMINI, "--resume", "latest", "--prompt"],
        environment=lambda url: {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "client-key"},
        files=gemini_files,
        reads=reading("run_shell_command", command="cat note.txt"),
    ),
    "opencode": Program(
        command=["opencode", "run"],
        more=["opencode", "run", "--continue"],
        environment=lambda url: {"OPENCODE_DISABLE_MODELS_FETCH": "1"},
        files=opencode_files,
        reads=reading("bash", command="cat note.txt", description="Reads a note"),
    ),
}


def settle(program: Program, home: Path, url: str) -> Path:
    """Writes the program's files below `home`; the directory that it works in."""
    work = home / "work"
    for name, text in {**program.files(url), "work/note.txt": NOTE}.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    return work
