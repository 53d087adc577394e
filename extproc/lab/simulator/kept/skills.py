"""Skills: files that tell a model how something is done, in versions.

https://platform.openai.com/docs/guides/tools-skills and
https://platform.claude.com/docs/en/build-with-claude/skills-guide
"""

from datetime import UTC, datetime
from typing import TypeGuard

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.forms import File
from extproc.lab.simulator.kept.shelf import Ask, Handler, Rule, json, rule
from extproc.lab.simulator.play import Answer

PDF = {"id": "pdf", "type": "skill", "source": {"type": "anthropic"}, "display_name": "PDF"}
"""Anthropic's own, which everybody has."""


def _is_file(value: object) -> TypeGuard[File]:
    return isinstance(value, File)


def _files(ask: Ask) -> list[File]:
    found = ask.body.get("files")
    files = [one for one in (found if isinstance(found, list) else [found]) if _is_file(one)]
    if not files:
        raise Refusal("Missing required parameter: 'files'.", param="files")
    return files


def make(ask: Ask) -> Answer:
    data = _files(ask)[0]["data"]
    thing = {
        "id": ask.shelf.new_id("skill_"),
        "object": "skill",
        "name": "a skill",
        "description": "It does something.",
        "created_at": ask.shelf.now,
        "default_version": "1",
        "latest_version": "1",
    }
    return json(ask.shelf.put(thing, data))


def many(ask: Ask) -> Answer:
    found = ask.shelf.all("skill")
    return json({"object": "list", "data": found, "has_more": False})


def one(ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[0], "skill")
    thing.update(ask.body)
    return json(thing)


def delete(ask: Ask) -> Answer:
    ask.shelf.drop(ask.ids[0], "skill")
    return json({"id": ask.ids[0], "object": "skill.deleted", "deleted": True})


def version(ask: Ask) -> Answer:
    """Made, listed, shown or deleted: there are two, the second as soon as it is sent."""
    owner = ask.shelf.get(ask.ids[0], "skill")
    if ask.request.method == "POST":
        _files(ask)
        owner["latest_version"] = "2"
    number = ask.ids[1] if len(ask.ids) > 1 else owner["latest_version"]
    shown = {"id": f"skillver_{number}", "object": "skill.version", "version": number}
    shown |= {"skill_id": owner["id"], "created_at": ask.shelf.now, "name": "", "description": ""}
    if ask.request.method == "DELETE":
        return json({"id": shown["id"], "object": "skill.version.deleted", "deleted": True})
    return json(shown)


def versions(ask: Ask) -> Answer:
    found: Json = {"object": "list", "data": [], "has_more": False}
    ask.shelf.get(ask.ids[0], "skill")
    return json(found)


def content(ask: Ask) -> Answer:
    ask.shelf.get(ask.ids[0], "skill")
    return Answer(content_type="application/zip", body=ask.shelf.contents[ask.ids[0]])


WAYS: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/skills", make),
    ("GET", "/skills", many),
    ("GET", "/skills/*", one),
    ("POST", "/skills/*", one),
    ("DELETE", "/skills/*", delete),
    ("GET", "/skills/*/content", content),
    ("POST", "/skills/*/versions", version),
    ("GET", "/skills/*/versions", versions),
    ("GET", "/skills/*/versions/*", version),
    ("DELETE", "/skills/*/versions/*", version),
    ("GET", "/skills/*/versions/*/content", content),
)
RULES: tuple[Rule, ...] = tuple(rule(*way) for way in WAYS)


def claudes_make(ask: Ask) -> Answer:
    data = _files(ask)[0]["data"]
    when = datetime.fromtimestamp(ask.shelf.now, UTC).isoformat()
    thing = {
        "id": ask.shelf.new_id("skill_"),
        "type": "skill",
        "source": {"type": "custom"},
        "display_name": ask.body.get("display_name") or "a skill",
        "latest_version_id": "1",
        "created_at": when,
        "updated_at": when,
    }
    return json(ask.shelf.put(thing, data))


def claudes_many(ask: Ask) -> Answer:
    found = [thing for thing in ask.shelf.things.values() if thing.get("type") == "skill"]
    return json({"data": [PDF, *found[::-1]], "next_page": None})


def claudes_one(ask: Ask) -> Answer:
    return json(PDF if ask.ids[0] == "pdf" else ask.shelf.get(ask.ids[0], "skill"))


def claudes_delete(ask: Ask) -> Answer:
    ask.shelf.drop(ask.ids[0], "skill")
    return json({"id": ask.ids[0], "type": "skill_deleted"})


CLAUDES: tuple[Rule, ...] = (
    rule("POST", "/skills", claudes_make),
    rule("GET", "/skills", claudes_many),
    rule("GET", "/skills/*", claudes_one),
    rule("DELETE", "/skills/*", claudes_delete),
)
