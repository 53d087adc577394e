"""boto3's bedrock-runtime client."""

import base64
import json
from contextlib import closing
from typing import Any

import boto3
import httpx
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from tests.e2e.clients.talk import (
    BUDGET,
    DESCRIPTION,
    SCHEMA,
    WEATHER,
    Called,
    Failed,
    Said,
    Talk,
)

TOOL = {"toolSpec": {"name": WEATHER, "description": DESCRIPTION, "inputSchema": {"json": SCHEMA}}}
FORMAT = {
    "textFormat": {
        "type": "json_schema",
        "structure": {"jsonSchema": {"name": "place", "schema": json.dumps(SCHEMA)}},
    }
}


class Raw:
    """The answer's bytes as botocore reads them."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self, size: int = 1024) -> Any:
        yield self._data

    def read(self, size: int | None = None) -> bytes:
        data, self._data = self._data, b""
        return data

    def close(self) -> None:
        """There is nothing to close."""


class BedrockConverse(Talk):
    dialect = "bedrock.converse"
    stop, length, called = "end_turn", "max_tokens", "tool_use"

    def say(self, text: str, image: str = "") -> None:
        content: list[dict[str, Any]] = [{"text": text}]
        if image:
            source = {"bytes": base64.b64decode(image)}
            content.append({"image": {"format": "png", "source": source}})
        self.messages.append({"role": "user", "content": content})

    def result(self, call: Called, text: str) -> None:
        block = {"toolResult": {"toolUseId": call.id, "content": [{"text": text}]}}
        self.messages.append({"role": "user", "content": [block]})

    def _asked(self) -> dict[str, Any]:
        wish = self.wish
        config: dict[str, Any] = {"maxTokens": wish.max_tokens}
        asked: dict[str, Any] = {"modelId": self.model, "messages": list(self.messages)}
        if wish.system:
            asked["system"] = [{"text": wish.system}]
        if wish.tools:
            choice = {"any": {}} if wish.must else {"auto": {}}
            asked["toolConfig"] = {"tools": [TOOL], "toolChoice": choice}
        if wish.schema:
            asked["outputConfig"] = FORMAT
        if wish.thinking:
            thinking = {"type": "enabled", "budget_tokens": BUDGET}
            asked["additionalModelRequestFields"] = {"thinking": thinking}
        if wish.temperature is not None:
            config["temperature"] = wish.temperature
        if wish.stop:
            config["stopSequences"] = list(wish.stop)
        return asked | {"inferenceConfig": config}

    def _client(self) -> Any:
        client = boto3.client(
            "bedrock-runtime",
            region_name="eu-west-1",
            endpoint_url=self.link.url,
            aws_access_key_id="AKID",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
        )
        if self.link.transport is not None:
            client.meta.events.register("before-send.bedrock-runtime", self._carried)
        return client

    def _carried(self, request: Any, **_: Any) -> AWSResponse:
        assert self.link.transport is not None
        headers = {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        asked = httpx.Request(request.method, request.url, headers=headers, content=request.body)
        answer = self.link.transport.handle_request(asked)
        raw = Raw(answer.read())
        return AWSResponse(request.url, answer.status_code, answer.headers, raw)

    def whole(self) -> Said:
        with closing(self._client()) as client:
            try:
                answer = client.converse(**self._asked())
            except ClientError as error:
                raise _failed(error) from error
        message, usage = answer["output"]["message"], answer["usage"]
        return self._kept(message["content"], answer["stopReason"], usage)

    def streamed(self) -> Said:
        with closing(self._client()) as client:
            try:
                with closing(client.converse_stream(**self._asked())["stream"]) as stream:
                    events = list(stream)
            except EventStreamError as error:
                raise Failed(0, str(error)) from error
            except ClientError as error:
                raise _failed(error) from error
        blocks: dict[int, dict[str, Any]] = {}
        finish, usage = "", {}
        for event in events:
            _assemble(event, blocks)
            if "messageStop" in event:
                finish = event["messageStop"]["stopReason"]
            if "metadata" in event:
                usage = event["metadata"]["usage"]
        return self._kept([_finished(blocks[index]) for index in sorted(blocks)], finish, usage)

    def _kept(self, content: list[Any], finish: str, usage: dict[str, int]) -> Said:
        self.messages.append({"role": "assistant", "content": content})
        thoughts = [
            block["reasoningContent"].get("reasoningText", {}).get("text", "")
            for block in content
            if "reasoningContent" in block
        ]
        uses = [block["toolUse"] for block in content if "toolUse" in block]
        return Said(
            text="".join(block.get("text", "") for block in content),
            thinking="".join(thoughts),
            calls=tuple(
                Called(id=use["toolUseId"], name=use["name"], arguments=use["input"])
                for use in uses
            ),
            finish=finish,
            input=usage["inputTokens"],
            output=usage["outputTokens"],
        )


def _assemble(event: dict[str, Any], blocks: dict[int, dict[str, Any]]) -> None:
    if "contentBlockStart" in event:
        start = event["contentBlockStart"]
        blocks[start["contentBlockIndex"]] = {"toolUse": {**start["start"]["toolUse"], "input": ""}}
    if "contentBlockDelta" not in event:
        return
    at, delta = (event["contentBlockDelta"][name] for name in ("contentBlockIndex", "delta"))
    match delta:
        case {"text": text}:
            block = blocks.setdefault(at, {"text": ""})
            block["text"] += text
        case {"toolUse": {"input": text}}:
            blocks[at]["toolUse"]["input"] += text
        case {"reasoningContent": {"text": text}}:
            thought = blocks.setdefault(at, {"reasoningContent": {"reasoningText": {"text": ""}}})
            thought["reasoningContent"]["reasoningText"]["text"] += text
        case {"reasoningContent": {"signature": signature}}:
            thought = blocks.setdefault(at, {"reasoningContent": {"reasoningText": {"text": ""}}})
            thought["reasoningContent"]["reasoningText"]["signature"] = signature
        case {"reasoningContent": {"redactedContent": data}}:
            blocks[at] = {"reasoningContent": {"redactedContent": data}}


def _finished(block: dict[str, Any]) -> dict[str, Any]:
    if "toolUse" not in block:
        return block
    return {"toolUse": {**block["toolUse"], "input": json.loads(block["toolUse"]["input"])}}


def _failed(error: ClientError) -> Failed:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return Failed(status, error.response["Error"]["Message"])


TALK = BedrockConverse
