import xml.etree.ElementTree as ET

from extproc.lab.bench import plot, report
from extproc.lab.bench.report import Machine, Results
from extproc.lab.bench.row import Pair, Plan, Row

MACHINE = Machine(
    cores=2,
    processor="a CPU",
    load_before=0.5,
    load_after=1.5,
    kernel="6",
    python="3.11",
    native=True,
    envoy="1.40.0",
    date="2026-11-21",
)
ROWS = [
    Row(name="kept", unit="µs", measured=30.0, budget=35, reference=300.0),
    Row(name="not <kept>", unit="µs", measured=300.0, budget=90),
    Row(name="failed", unit="µs", measured=None, budget=90, note="failed: 503"),
    Row(name="free", unit="MB", measured=50.0),
]
PAIRS = [
    Pair(client="a", provider="b", request_1k=1.0, request_100k=None, answer=2.0, chunk=3.0),
]


def lines(quick=False):
    results = Results(quick=quick, machine=MACHINE, rows=ROWS, pairs=PAIRS)
    return report.text(results).splitlines()


def line(name):
    return next(text.split() for text in lines() if text.startswith(name))


def test_a_verdict_stands_beside_each_budget():
    assert "ok" in line("kept")
    assert "over" in line("not <kept>")
    assert "over" in line("failed")
    assert not {"ok", "over"} & set(line("free"))


def test_the_ratio_says_how_much_more_the_reference_costs():
    assert "10.0x" in line("kept")


def test_columns_are_aligned():
    heads = next(text for text in lines() if text.startswith("row"))
    end = heads.index("budget") + len("budget")
    assert [text[:end].split()[-1] for text in lines() if text.startswith("kept")] == ["35.0"]


def test_a_smoke_run_says_that_it_is_one():
    assert "smoke" in lines(quick=True)[0]
    assert "smoke" not in lines()[0]


def test_a_pair_that_refuses_has_a_dash():
    assert line("a ") == ["a", "b", "1.00", "-", "2.00", "3.00"]


def test_the_picture_shows_rows_with_budget_and_number():
    drawing = ET.fromstring(plot.svg(ROWS))
    words = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert "kept" in words
    assert "not <kept>" in words
    assert "failed" not in words
    assert "free" not in words


def test_a_picture_of_nothing_is_a_picture():
    ET.fromstring(plot.svg([]))


def test_words_choose_rows_in_any_case():
    plan = Plan(words=("kb",), quick=True)
    assert plan.wants("core, 1 KB")
    assert not plan.wants("spread")
    assert Plan(words=(), quick=True).wants("spread")
