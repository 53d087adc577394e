"""The results as a page of the documentation: `speed.md`, with `speed.svg` beside it."""

from pathlib import Path

from extproc.lab.bench import plot, report
from extproc.lab.bench.report import Results

HEAD = """# Speed

What the server costs, measured by `make bench`; this page and its picture are written by
`extproc bench --docs docs`.

{about}

![CPU for each exchange or chunk, against the budget](speed.svg)

"""

READING = """
## How to read it

- Every number is a median over repeats; `lean` and `grpcio`, the two transports, take turns within
  each repeat, so that a machine that is busy for a while slows both.
- CPU is user and system time of the processes in question, not the clock on the wall: of one
  worker for `server` and `chunk`, of Envoy for `Envoy`. Client and provider run in processes of
  their own and are not counted. `core` has no socket and no event loop: messages in, replies out.
- Loads go through a real Envoy with one worker thread to the simulated provider, by 16 clients
  where the row does not say otherwise, each with one request at a time on its own connection.
- A body of 1 KB has a system message, a question and a tool; one of 100 KB is a conversation of
  some forty turns with tool calls, text that is not all ASCII, and line breaks. The answer has
  about 1 KB.
- `same dialect` is an OpenAI client and an OpenAI provider. `translated` is an OpenAI client and
  an Anthropic provider, `translated back` the other way round.
- An `upload` is a form with one file of 25 MB, whose model the route renames, by one client;
  its memory is the most that a worker had, beyond what it had before.
- The streams of `chunk` rows have 200 chunks each, which the provider sends at {rate:,} a second,
  all streams together, so that nearly every chunk is a message of its own. `in bursts` is as fast
  as they are taken: several chunks then come in one message. The cost of the exchange around the
  chunks is part of the number.
- `over Envoy alone` compares with a second Envoy that has the router and nothing else, in front of
  the same provider, in the same run. So does `added` latency.
- `growth` is the exponent e of cost ~ size^e: 1 is linear, a quadratic step would show as 2.
- `over` marks a budget that is not kept. A dash stands where nothing was measured.
"""

PAIRS = """
## Every pair of dialects

The core alone, in µs of CPU: reading and changing a request, a whole answer of 1 KB, one chunk of
a stream. A dash: the pair refuses that request.

"""


def write(results: Results, directory: Path, rate: int) -> None:
    """Writes the page and the picture; `rate` is that of paced loads."""
    directory.mkdir(parents=True, exist_ok=True)
    rows = report.markdown_table([report.HEADS, *map(report.cells, results.rows)])
    pairs = report.markdown_table([report.PAIR_HEADS, *map(report.pair_cells, results.pairs)])
    page = "".join(
        [
            HEAD.format(about=report.about(results)),
            "\n".join(rows),
            "\n",
            READING.format(rate=rate),
            PAIRS,
            "\n".join(pairs),
            "\n",
        ]
    )
    (directory / "speed.md").write_text(page)
    (directory / "speed.svg").write_text(plot.svg(results.rows))
