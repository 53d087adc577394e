"""What Mistral's models take, by Mistral's own API and in clouds that host them.

Every unknown member is "extra_forbidden", stream_options.include_usage too; the usage comes with
the last chunk by itself. The official SDK's ChatCompletionRequest has the known ones.
"""

from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.dialects.openai.rules import (
    NO_THOUGHTS,
    answered_tools,
    nearest_efforts,
    renamed,
    short_call_ids,
    system_for_developer,
    unsaid,
)
from providers.vendors.forms import (
    FILES,
    MAX_TOKENS,
    OPENAI_ONLY,
    SAMPLERS,
    SEARCHES,
    SOUND,
    SPOKEN,
    THOUGHTS,
    VIDEO,
    form,
)

DROPS = OPENAI_ONLY - {"metadata", "prediction", "prompt_cache_key", "service_tier"}
DROPS |= SEARCHES | {"min_p", "user", "thinking", "cache_control", "stream_options"}
# https://docs.mistral.ai/agents/tools/built-in/websearch: for agents and conversations alone.
DROPS |= {"web_search_options"}
REFUSES = SPOKEN
RENAMES = {**MAX_TOKENS, "seed": "random_seed"}

# Sound, files and thoughts have chunks of Mistral's own.
LACKS = VIDEO | SOUND | FILES | THOUGHTS | {Feature.MESSAGE_NAME}

# Error 3280, "must be a-z, A-Z, 0-9, with a length of 9", as the vendor's own templates demand:
# https://mistralai.github.io/mistral-common/usage/tools/
# https://docs.mistral.ai/capabilities/reasoning: `none` or `high`.
RULES = (
    short_call_ids,
    system_for_developer,
    answered_tools,
    NO_THOUGHTS,
    nearest_efforts(minimal="high", low="high", medium="high", xhigh="high", max="high"),
)

JUDGES = ("mistral.classifications", "mistral.chat_classifications", "mistral.chat_moderations")
"""https://docs.mistral.ai/api/endpoint/classifiers"""

PUBLISHED = "/publishers/mistralai/models/{model}"

ON_VERTEX = form(
    "vertex",
    LACKS,
    (*RULES, renamed(**RENAMES), unsaid("stream_options")),
    drops=(DROPS | SAMPLERS) - {"stream_options"},
    refuses=REFUSES,
    upstream=(
        Endpoint(path=f"{PUBLISHED}:rawPredict", stream=False),
        Endpoint(path=f"{PUBLISHED}:streamRawPredict", stream=True),
    ),
)
"""https://docs.mistral.ai/deployment/cloud/vertex/"""
