"""The finder in bodies of several parts, where files may hold anything."""

import httpx
import pytest

from providers.errors import InvalidRequest
from providers.wire import multipart
from tests.envoy.finder import Found, find

PLACE = "/v1/audio/transcriptions"
FILE = ("a.wav", b'\r\n--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nb', "audio/wav")
HEAD = b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\n'


def found(body: bytes, kind: str = "multipart/form-data; boundary=x") -> Found:
    return find(body, **{":path": PLACE, "content-type": kind})


@pytest.mark.parametrize("first", [True, False])
def test_what_a_file_holds_is_no_part(first: bool) -> None:
    model = ("model", (None, "a"))
    parts = [model, ("file", FILE)] if first else [("file", FILE), model]
    request = httpx.Request("POST", "http://gateway", files=parts)
    request.read()
    assert found(request.content, request.headers["content-type"]).model == "a"


@pytest.mark.parametrize(
    "head",
    [
        b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\n',
        b"--x\r\ncontent-disposition: form-data; name=model\r\n\r\n",
        b'--x\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name="model"\r\n\r\n',
        b'--x\r\nContent-Disposition:form-data;name="model"\r\n\r\n',
    ],
)
def test_a_part_is_found_however_it_is_headed(head: bytes) -> None:
    body = head + b"a\r\n--x--\r\n"
    assert found(body).model == "a"
    assert multipart.parse(body, "multipart/form-data; boundary=x").members()["model"] == "a"


@pytest.mark.parametrize(
    "kind", ['multipart/form-data; boundary="x"', "Multipart/Form-Data;boundary=x"]
)
def test_a_boundary_may_stand_in_quotes(kind: str) -> None:
    assert found(HEAD + b"a\r\n--x--\r\n", kind).model == "a"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x--\r\n",
        HEAD,
        HEAD + b"a",
        HEAD.replace(b"model", b"other") + b"a\r\n--x--\r\n",
        HEAD.replace(b"name", b"filename") + b"a\r\n--x--\r\n",
        HEAD.replace(b"form-data", b"attachment") + b"a\r\n--x--\r\n",
        HEAD + b"\r\n--x--\r\n",
        HEAD + b"a" * 300 + b"\r\n--x--\r\n",
        b"--x\r\n" * 100_000,
        HEAD.replace(b"model", b"other") * 100_000,
    ],
)
def test_a_form_without_a_model_is_refused(body: bytes) -> None:
    seen = found(body)
    assert seen.model is None
    assert seen.status == "400"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        HEAD,
        HEAD + b"a",
        b"--x\r\n\r\na\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; filename="f"\r\n\r\na\r\n--x--\r\n',
        (HEAD + b"a\r\n") * 300 + b"--x--\r\n",
        HEAD + b"\xff\r\n--x--\r\n",
    ],
)
def test_the_server_refuses_what_is_no_form(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        multipart.parse(body, "multipart/form-data; boundary=x").members()


def test_parts_are_changed_added_and_left_out_in_place() -> None:
    upload = multipart.Upload(data=b"\r\n--y", filename='a"b', media_type="audio/wav")
    body, kind = multipart.render({"a": 1, "model": "m", "file": upload, "list": ["x", "y"]})
    form = multipart.parse(body, kind)
    changed = form.edited({"model": "n", "a": multipart.REMOVED, "list": ["z"], "new": True})
    again = multipart.parse(changed, kind).members()
    assert list(again) == ["model", "file", "list", "new"]
    assert (again["model"], again["list"], again["new"]) == ("n", ["z"], "true")
    assert again["file"].data == upload.data
    assert form.edited({}) == body
