"""What a worker makes of Envoy's metadata."""

from typing import Any

import pytest
from envoy.config.core.v3.base_pb2 import Metadata
from google.protobuf import text_format

from extproc.config import parse
from extproc.process import described
from extproc.process.described import Descriptions, Misdescribed

KEYED: dict[str, Any] = {"provider": "openai", "credential": {"api_key": "env:OPENAI_API_KEY"}}


def text(said: dict[str, Any], **other: str) -> str:
    made = Metadata()
    made.filter_metadata["ai.extproc"].update(said)
    for name, value in other.items():
        made.filter_metadata[name].update({"is": value})
    printed: str = text_format.MessageToString(made, as_one_line=True)
    return printed


def texts(cluster: str) -> tuple[str, str, str, str]:
    return "", cluster, "", ""


@pytest.fixture
def descriptions() -> Descriptions:
    return knowing()


def knowing(**settings: Any) -> Descriptions:
    return Descriptions(parse({"version": 1, "extproc": {"max_values": 5_000, **settings}}), 7)


def test_what_is_said_alike_is_compiled_once(descriptions: Descriptions):
    one = descriptions.find(texts(text(KEYED)))
    assert one is not None
    assert one.backend == "openai"
    assert one.plan.bounds.values == 5_000
    assert descriptions.find(texts(text(KEYED, zone="a"))) is one
    assert descriptions.find(texts(text(KEYED, zone="b"))) is one
    other = descriptions.find(texts(text({**KEYED, "backend": "mine"})))
    assert other is not None
    assert other is not one


def test_others_metadata_are_nothing(descriptions: Descriptions):
    assert descriptions.find(texts(text({}, istio="x"))) is None
    assert descriptions.find(texts(text({"backend": "of-gateway-yaml"}))) is None


def test_what_is_wrong_is_found_once_and_told_each_time(
    descriptions: Descriptions, monkeypatch: pytest.MonkeyPatch
):
    for wrong, words in ((text({**KEYED, "x": 1}), "openai.x: unknown key"), ("a {", "text form")):
        with pytest.raises(Misdescribed, match=words) as caught:
            descriptions.find(texts(wrong))
        assert caught.value.status == 500
    monkeypatch.delattr(described, "described")
    with pytest.raises(Misdescribed, match="unknown key"):
        descriptions.find(texts(text({**KEYED, "x": 1})))


def test_memory_is_bounded(descriptions: Descriptions, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(described, "MOST", 4)
    monkeypatch.setattr(described, "MOST_TEXTS", 6)
    for number in range(20):
        for zone in "ab":
            said = text({"provider": "ollama", "backend": f"b{number}"}, zone=zone)
            found = descriptions.find(texts(said))
            assert found is not None
            assert found.backend == f"b{number}"
    assert len(descriptions._known) <= 4
    assert len(descriptions._texts) <= 6


def test_a_secret_is_looked_up_here_and_followed(tmp_path: Any):
    descriptions = knowing(metadata_secrets=[f"file:{tmp_path}/"])
    file = tmp_path / "key"
    file.write_text("first")
    found = descriptions.find(texts(text({**KEYED, "credential": {"api_key": f"file:{file}"}})))
    assert found is not None
    assert found.secrets.get("openai") == {"key": "first"}
    file.write_text("second!")
    descriptions.refresh()
    assert found.secrets.get("openai") == {"key": "second!"}


@pytest.mark.parametrize("reference", ["env:PATH", "file:/etc/passwd", "env:AWS_SECRET_ACCESS_KEY"])
def test_what_may_not_be_named_is_not_looked_up(
    descriptions: Descriptions, reference: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-machine")
    said = text({**KEYED, "credential": {"api_key": ["env:OPENAI_API_KEY", reference]}})
    with pytest.raises(Misdescribed, match="may not name") as caught:
        descriptions.find(texts(said))
    # Whoever asks learns which setting it is, and nothing of variables and files.
    assert "extproc.metadata_secrets" in str(caught.value)
    assert "credential.api_key[1]" in str(caught.value)
    assert reference not in str(caught.value)
    assert "OPENAI_API_KEY" not in str(caught.value)
