"""Bodies of several parts, whatever stands in them."""

import random
from typing import Any

import pytest

from providers.errors import InvalidRequest
from providers.wire import multipart
from providers.wire.multipart import Upload

KIND = "multipart/form-data; boundary=bnd"
PIECES = (b"\r", b"\n", b"-", b"--", b"a", b"--bn", b"--bnd", b"\r\n--bn", b"\r\n-", b"\r\n\r\n")


def form(*parts: tuple[str, bytes]) -> bytes:
    head = '--bnd\r\nContent-Disposition: form-data; name="{}"; filename="f"\r\n\r\n'
    written = [head.format(name).encode() + content + b"\r\n" for name, content in parts]
    return b"".join(written) + b"--bnd--\r\n"


def test_any_bytes_but_the_delimiter_may_stand_in_a_part() -> None:
    chance = random.Random(1)
    for _ in range(2000):
        content = b"".join(chance.choices(PIECES, k=chance.randrange(7)))
        if b"\r\n--bnd" in b"\r\n" + content:
            continue
        found = multipart.parse(form(("a", content), ("b", b"c")), KIND)
        assert [one.data for one in found.members().values()] == [content, b"c"]
        changed = multipart.parse(found.edited({"b": "d", "e": "f"}), KIND).members()
        assert (changed["a"].data, changed["b"], changed["e"]) == (content, "d", "f")


@pytest.mark.parametrize("body", [b"--bnd--", b"--bnd--\r\n", b"\r\n--bnd--\r\n--bnd\r\n"])
def test_a_form_without_parts_takes_one(body: bytes) -> None:
    found = multipart.parse(body, KIND)
    assert found.members() == {}
    assert multipart.parse(found.edited({"a": "b"}), KIND).members() == {"a": "b"}


@pytest.mark.parametrize("boundary", ["x" * 300, "x" * 100_000, ""])
def test_a_boundary_that_cannot_be_is_the_clients_fault(boundary: str) -> None:
    with pytest.raises(InvalidRequest):
        multipart.parse(b"--", f"multipart/form-data; boundary={boundary}")


def rendered(**members: Any) -> Any:
    return multipart.parse(*multipart.render(members)).members()


def test_a_text_adds_no_parts() -> None:
    _, kind = multipart.render({"prompt": "a"})
    boundary = kind.partition("boundary=")[2]
    for known in (boundary, "extproc-boundary"):
        text = f'a\r\n--{known}\r\nContent-Disposition: form-data; name="model"\r\n\r\nb'
        assert rendered(prompt=text, names=[text]) == {"prompt": text, "names": [text]}


def test_a_boundary_is_found_in_one_look() -> None:
    file = Upload(data=b"extproc-boundary" + b"-" * 2_000_000, filename="a", media_type="")
    body, kind = multipart.render({"file": file})
    assert len(kind) < 100
    assert len(body) < 2_001_000


def test_values_are_written_as_forms_have_them() -> None:
    said = rendered(a=True, b=1, c=0.5, d={"type": "auto"}, e=None)
    assert said == {"a": "true", "b": "1", "c": "0.5", "d": '{"type":"auto"}', "e": "null"}


def test_a_file_by_another_name_is_still_a_file() -> None:
    file = Upload(data=b"\xff", filename="a", media_type="text/plain")
    found = multipart.parse(form(("a", b"b")), KIND)
    changed = multipart.parse(found.edited({"c": file, "d": [file, "e"]}), KIND).members()
    assert (changed["c"], changed["d"]) == (file, [file, "e"])
    assert rendered(d=[file, "e"]) == {"d": [file, "e"]}


@pytest.mark.parametrize(
    ("said", "filename"),
    [
        (b"filename=\"a.png\"; filename*=UTF-8''%e2%82%ac.png", "a.png"),
        (b"filename*=UTF-8''%e2%82%ac.png", "\N{EURO SIGN}.png"),
        (b"filename*=utf-8'en'a%20b.png", "a b.png"),
        (b"FileName*=\"UTF-8''%ff.png\"", "\N{REPLACEMENT CHARACTER}.png"),
        (b'filename=""', ""),
    ],
)
def test_a_file_is_known_by_a_name_in_any_alphabet(said: bytes, filename: str) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="image"; ' + said
    body = head + b"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b--\r\n"
    file = multipart.parse(body, f"{multipart.TYPE}; boundary=b").members()["image"]
    assert file == Upload(data=b"\x89PNG", filename=filename, media_type="image/png")
