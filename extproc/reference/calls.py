"""One call of each kind: by curl, and by an official SDK."""

import json
from typing import Any

GATEWAY = "http://localhost:8080"
HELLO = [{"role": "user", "content": "Hello"}]
OPENAI = (
    f'from openai import OpenAI\n\nclient = OpenAI(base_url="{GATEWAY}/v1", api_key="unused")\n'
)
COHERE = f"""import cohere

client = cohere.ClientV2(base_url="{GATEWAY}", api_key="unused")
"""

CHAT = f"""{OPENAI}answer = client.chat.completions.create(
    model="MODEL", messages=[{{"role": "user", "content": "Hello"}}]
)
print(answer.choices[0].message.content)"""
EMBED = f"""{OPENAI}answer = client.embeddings.create(model="MODEL", input="Hello")
print(answer.data[0].embedding)"""
RANK = f"""{COHERE}answer = client.rerank(model="MODEL", query="rain", documents=["sun", "clouds"])
print(answer.results)"""
SPEAK = f"""{OPENAI}answer = client.audio.speech.create(model="MODEL", voice="VOICE", input="Hello")
answer.write_to_file("hello.mp3")"""
FILM = f"""{OPENAI}video = client.videos.create_and_poll(model="MODEL", prompt="A fox in the snow")
client.videos.download_content(video.id).write_to_file("fox.mp4")"""

CALLS: dict[str, tuple[str, dict[str, Any], str]] = {
    "chat": ("/v1/chat/completions", {"messages": HELLO}, CHAT),
    "embeddings": ("/v1/embeddings", {"input": "Hello"}, EMBED),
    "rerank": ("/v2/rerank", {"query": "rain", "documents": ["sun", "clouds"]}, RANK),
    "audio.speech": ("/v1/audio/speech", {"input": "Hello", "voice": "VOICE"}, SPEAK),
    "video.generations": ("/v1/videos", {"prompt": "A fox in the snow"}, FILM),
}
"""Key of a capability → path, body without the model, Python."""


def of(kind: str, model: str) -> tuple[str, str]:
    """(curl, Python) for a model."""
    path, body, sdk = CALLS[kind]
    data = json.dumps({"model": model, **body})
    curl = f"curl {GATEWAY}{path} \\\n  -H 'content-type: application/json' \\\n  -d '{data}'"
    return curl, sdk.replace("MODEL", model)
