"""What is read of a generateContent request below its top level, in either spelling."""

from providers.bridging.members import Shape
from providers.dialects.gemini.generate_content import fields


def both(*known: str, **members: Shape) -> Shape:
    """A shape whose members may be written in both cases."""
    inner = {name: one for camel, one in members.items() for name in fields.spellings((camel,))}
    return Shape(frozenset(fields.spellings((*known, *members))), inner)


PART = both(
    "text",
    "thought",
    "thoughtSignature",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
    "videoMetadata",
    "mediaResolution",
    inlineData=both("mimeType", "data", "displayName"),
    fileData=both("mimeType", "fileUri", "displayName"),
    functionCall=both("id", "name", "args"),
    functionResponse=both("id", "name", "response", "parts"),
)
CONTENT = both("role", parts=PART)
DECLARATION = both(
    "name",
    "description",
    "parameters",
    "parametersJsonSchema",
    "response",
    "responseJsonSchema",
    "behavior",
)
TOOLS = ("googleSearch", "googleSearchRetrieval")
"""Tools of Google's own that others have, too; a tool that they lack is named as a whole."""
TOP = both(
    contents=CONTENT,
    systemInstruction=CONTENT,
    tools=both(*TOOLS, functionDeclarations=DECLARATION),
)
"""What `generationConfig` and `toolConfig` say beside the known is an extra of its own."""
