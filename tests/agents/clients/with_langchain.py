"""LangChain: agents, structured output by each method. Arguments: client, URL."""

import sys
from typing import Any, Literal

from cases import run
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from order import LOOK, PIXEL, order
from pydantic import BaseModel, Field

CLIENT, URL = sys.argv[1:3]


def openai(**more: Any) -> Any:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(model="gpt-5", base_url=f"{URL}/v1", api_key="k", max_retries=0, **more)


def responses() -> Any:
    return openai(use_responses_api=True)


def anthropic() -> Any:
    from langchain_anthropic import ChatAnthropic

    return ChatAnthropic(model="claude-sonnet-4-5", base_url=URL, api_key="k", max_retries=0)


def google() -> Any:
    from langchain_google_genai import ChatGoogleGenerativeAI

    return ChatGoogleGenerativeAI(model="gemini-2.5-pro", base_url=URL, google_api_key="k")


def bedrock() -> Any:
    from langchain_aws import ChatBedrockConverse

    return ChatBedrockConverse(
        model="anthropic.claude-sonnet-4-5-20250929-v1:0",
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
    )


MODEL = {
    "openai": openai,
    "responses": responses,
    "anthropic": anthropic,
    "google": google,
    "bedrock": bedrock,
}[CLIENT]()


@tool
def weather(city: str, days: int | None = None) -> str:
    """The weather somewhere."""
    return f"{city}: teal"


# OpenAI refuses lengths, and Bedrock all bounds, of their own clients, who get that answer:
# https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
# https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
BARE = CLIENT in ("openai", "responses", "bedrock")
LENGTHS: dict[str, Any] = {} if BARE else {"min_length": 1, "max_length": 40}
BOUNDS: dict[str, Any] = {} if CLIENT == "bedrock" else {"ge": 1, "le": 5}


class Place(BaseModel):
    """A place."""

    city: str = Field(**LENGTHS)
    count: int = Field(**BOUNDS)
    unit: Literal["C", "F"] | None = None


def plain() -> None:
    assert "heard" in MODEL.invoke("hello").text


def streamed() -> None:
    assert "heard" in "".join(chunk.text for chunk in MODEL.stream("hello"))


def agent() -> None:
    made = create_agent(MODEL, [weather])
    told = made.invoke({"messages": [("user", order("weather?", reasoning=3, **LOOK))]})
    assert "teal" in told["messages"][-1].text
    again = made.invoke({"messages": [*told["messages"], ("user", order("and then?"))]})
    assert "heard" in again["messages"][-1].text


def structured(method: str | None) -> None:
    how = {"method": method} if method else {}
    place = MODEL.with_structured_output(Place, **how).invoke("where?")
    assert place.count >= 1


def json_mode() -> None:
    asked = order("where? in JSON", text='{"city": "Bern", "count": 2}')
    assert MODEL.with_structured_output(Place, method="json_mode").invoke(asked).count == 2


def picture() -> None:
    part = {"type": "image", "base64": PIXEL, "mime_type": "image/png"}
    said = MODEL.invoke([HumanMessage([{"type": "text", "text": "what is it?"}, part])])
    assert "heard" in said.text


def demanded() -> None:
    assert MODEL.bind_tools([weather], tool_choice="any").invoke("weather?").tool_calls


def stopped() -> None:
    assert "heard" in MODEL.invoke("hello", stop=["Observation"]).text


CASES = {
    "plain": plain,
    "streamed": streamed,
    "agent": agent,
    "structured": lambda: structured(None),
    "function calling": lambda: structured("function_calling"),
    "json schema": lambda: structured("json_schema"),
    "picture": picture,
    "demanded tool": demanded,
    "stop": stopped,
}
if CLIENT in ("openai", "responses", "google"):
    CASES["json mode"] = json_mode
run(CASES)
