"""A deterministic provider on loopback, for the demo, the tests and the bench.

It answers on POST …/chat/completions (any prefix, Azure's deployment paths too), GET …/models and
…/models/{model}; `GET /healthz`, `GET /__sim/requests` (what it received), `/__sim/reset`, and
`POST /__sim/script` (a JSON list of orders for the next requests) are its own. Answers follow from
the request alone: the last user message comes back, tools are called with the smallest arguments
that their schema accepts, `response_format` gets the smallest instance. Token counts: `reply.py`.

Another behaviour is ordered by directives, merged from, the later winning:
  1. the server's `script`: one order for each request, or a function of the request
  2. the server's `by_model`: orders by model name prefix
  3. the last user message: `[[sim: {"status": 503, "retry_after": 2}]]`
  4. headers: `x-sim: {"status": 503}`, or one by one `x-sim-status: 503`

| directive | does |
| --- | --- |
| at | name of the only simulator that obeys this order |
| status | the status; from 400 on with an error body |
| body | own, html, empty, plain, json (a foreign shape), mislabelled (own error as text/html), \
whole (a whole answer though a stream was asked for) |
| message, error_type, error_code | what an error says |
| retry_after, headers, content_type | response headers; an empty content_type sends none |
| validate | false: this request is not checked |
| close, chunked | ends the connection afterwards; a whole answer without a length |
| encoding | gzip or br, whole and streamed |
| delay_ms, chunk_delay_ms, cut_delay_ms | before the headers; between events; between cuts |
| cut, seed | bytes per write, or random (1 to 64, by the seed) |
| drop, hang | before_headers, after_headers, mid; ends the connection, or falls silent |
| after | how many events of a stream come before drop or hang in mid; a whole body is halved |
| reset | true: drop is a TCP reset |
| text | says exactly this |
| tokens, size | so many tokens; so many bytes, in `tokens` pieces (16) |
| refusal | true or the words of a refusal |
| reasoning, reasoning_field | so many reasoning tokens; shown in that field if one is named |
| searches | what the model searches the web for, where a search is offered |
| call_tool, arguments, rounds | true (the first tool), a name, or names at once; with these \
arguments; in so many turns (1) before an answer in words |
| call_id, interleaved | the id of all calls; true: calls are told side by side, where the format \
allows it |
| finish, extra, id, created | these values; `extra` goes to the top of every answer and chunk |
| unique | true: a new id and the real time |
| usage | asked (as the client wants it), none, always, last (in the last chunk), each (in every \
chunk, cumulative) |
| prompt_tokens, completion_tokens, cached_tokens, audio_tokens | these counts |
| error_after | so many events, then an error event and the end |
| done | false: no `[DONE]` |
| crlf, no_space, comments, bom, multiline | how server-sent events are written |

A dialect is one module beside this one that announces `DIALECT` (`dialect.py`).
"""

from extproc.lab.simulator.desk import Settings
from extproc.lab.simulator.dialect import Usage
from extproc.lab.simulator.record import Recorded
from extproc.lab.simulator.server import RunningSimulator, Simulator, run, serve

__all__ = ["Recorded", "RunningSimulator", "Settings", "Simulator", "Usage", "run", "serve"]
