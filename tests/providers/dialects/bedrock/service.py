"""Amazon Bedrock as botocore knows it: the judge of what is sent, and a client without a wire."""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import orjson
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.serialize import create_serializer
from botocore.session import Session
from botocore.validate import ParamValidator

MODEL = Session().get_service_model("bedrock-runtime")


def judge_request(body: dict[str, Any], stream: bool = False, model: str = "m") -> None:
    """Fails unless `body` is what botocore makes of the same parameters."""
    operation = MODEL.operation_model("ConverseStream" if stream else "Converse")
    params = {"modelId": model, **to_params(body, operation.input_shape)}
    report = ParamValidator().validate(params, operation.input_shape)
    assert not report.has_errors(), report.generate_report()
    serialized = create_serializer("rest-json").serialize_to_request(params, operation)
    assert orjson.loads(serialized["body"]) == orjson.loads(orjson.dumps(body))


def to_params(value: Any, shape: Any, at: str = "") -> Any:
    """JSON as the SDK's parameters; stricter than the SDK: enums, patterns and lengths count."""
    if shape.type_name == "structure" and shape.is_document_type:
        return value
    match shape.type_name:
        case "structure":
            assert isinstance(value, dict), at
            assert value.keys() <= shape.members.keys(), f"{at}: {value.keys()}"
            return {
                name: to_params(inner, shape.members[name], f"{at}.{name}")
                for name, inner in value.items()
            }
        case "list":
            assert shape.metadata.get("min", 0) <= len(value), at
            return [to_params(inner, shape.member, f"{at}[]") for inner in value]
        case "map":
            assert len(value) <= shape.metadata.get("max", len(value)), at
            return {
                to_params(name, shape.key, at): to_params(inner, shape.value, f"{at}.{name}")
                for name, inner in value.items()
            }
        case "blob":
            return base64.b64decode(value, validate=True)
        case "string":
            _judge_text(value, shape, at)
    return value


def _judge_text(value: str, shape: Any, at: str) -> None:
    assert isinstance(value, str), at
    limits = shape.metadata
    assert limits.get("min", 0) <= len(value) <= limits.get("max", len(value)), f"{at}: {value!r}"
    assert not shape.enum or value in shape.enum, f"{at}: {value!r}"
    if "pattern" in limits:
        assert re.fullmatch(limits["pattern"], value), f"{at}: {value!r}"


class Raw:
    """A response body as urllib3 hands it over."""

    def __init__(self, data: bytes, size: int = 7) -> None:
        self._data = data
        self._size = size

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        """The body in small pieces."""
        for at in range(0, len(self._data), self._size):
            yield self._data[at : at + self._size]

    def read(self, *args: Any, **kwargs: Any) -> bytes:
        return self._data

    def close(self) -> None:
        """Nothing is open."""


Answer = Callable[[AWSPreparedRequest], tuple[int, dict[str, str], bytes]]


def client(answer: Answer) -> Any:
    """A real boto3 client whose requests go to `answer`."""
    made = boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        endpoint_url="http://gateway.test",
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        status, headers, body = answer(request)
        return AWSResponse(request.url, status, headers, Raw(body))

    made.meta.events.register("before-send.bedrock-runtime", send)
    return made
