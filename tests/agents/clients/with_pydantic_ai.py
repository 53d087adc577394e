"""pydantic-ai: tools and each way to structured output. Arguments: client, URL."""

import asyncio
import base64
import sys
from typing import Any, Literal

from anthropic import AsyncAnthropic
from cases import run
from order import LOOK, PIXEL, order
from pydantic import BaseModel, Field
from pydantic_ai import Agent, BinaryContent, NativeOutput, PromptedOutput
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.bedrock import BedrockProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider

CLIENT, URL = sys.argv[1:3]


def model() -> Any:
    """A fresh one for each case: its connections belong to an event loop."""
    match CLIENT:
        case "chat" | "responses":
            kind = OpenAIChatModel if CLIENT == "chat" else OpenAIResponsesModel
            return kind("gpt-5", provider=OpenAIProvider(base_url=f"{URL}/v1", api_key="k"))
        case "anthropic":
            client = AsyncAnthropic(base_url=URL, api_key="k", max_retries=0)
            return AnthropicModel(
                "claude-sonnet-4-5", provider=AnthropicProvider(anthropic_client=client)
            )
        case "google":
            return GoogleModel("gemini-2.5-pro", provider=GoogleProvider(api_key="k", base_url=URL))
    provider = BedrockProvider(
        base_url=URL, region_name="us-east-1", aws_access_key_id="A", aws_secret_access_key="s"
    )
    return BedrockConverseModel("us.anthropic.claude-sonnet-4-5-20250929-v1:0", provider=provider)


# Bedrock refuses them of its own clients, who get that answer as it is:
# https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
LENGTHS: dict[str, Any] = {} if CLIENT == "bedrock" else {"min_length": 1, "max_length": 40}


class Place(BaseModel):
    """A place."""

    city: str = Field(**LENGTHS)
    count: int = Field(ge=1, le=5)
    unit: Literal["C", "F"] | None = None


def agent(**more: Any) -> Agent:
    made = Agent(model(), **more)

    @made.tool_plain
    def weather(city: str, days: int | None = None) -> str:
        """The weather somewhere."""
        return f"{city}: teal"

    return made


def plain() -> None:
    assert "heard" in Agent(model(), instructions="be brief").run_sync("hello").output


def streamed() -> None:
    async def talk() -> str:
        async with Agent(model()).run_stream("hello") as told:
            return "".join([text async for text in told.stream_text(delta=True)])

    assert "heard" in asyncio.run(talk())


def tools() -> None:
    made = agent()
    told = made.run_sync(order("weather?", reasoning=3, **LOOK))
    assert "teal" in told.output
    again = made.run_sync(order("and then?"), message_history=told.all_messages())
    assert "heard" in again.output


def tool_output() -> None:
    assert Agent(model(), output_type=Place).run_sync("where?").output.count >= 1


def native_output() -> None:
    assert Agent(model(), output_type=NativeOutput(Place)).run_sync("where?").output.count >= 1


def prompted_output() -> None:
    asked = order("where?", text='{"city": "Bern", "count": 2}')
    assert Agent(model(), output_type=PromptedOutput(Place)).run_sync(asked).output.count == 2


def picture() -> None:
    image = BinaryContent(base64.b64decode(PIXEL), media_type="image/png")
    assert "heard" in Agent(model()).run_sync(["what is it?", image]).output


run(
    {
        "plain": plain,
        "streamed": streamed,
        "tools": tools,
        "tool output": tool_output,
        "native output": native_output,
        "prompted output": prompted_output,
        "picture": picture,
    }
)
