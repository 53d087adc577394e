import os
import subprocess
import sys

import pytest

from extproc.lab.bench import proc

BUSY = """
import time
while time.process_time() < 0.3:
    pass
print(time.process_time(), flush=True)
input()
"""


@pytest.fixture
def child():
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=pipe, stdout=pipe) as child:
        yield child
        child.communicate(b"\n")


def test_cpu_is_what_the_process_has_used(child):
    said = float(child.stdout.readline()) * 1_000_000
    assert proc.cpu([child.pid]) == pytest.approx(said, rel=0.2)


def test_a_child_is_found_and_measured(child):
    child.stdout.readline()
    assert child.pid in proc.children(os.getpid())
    assert 1 < proc.resident(child.pid) < 1000


GREEDY = """
import sys
print(flush=True)
for line in sys.stdin:
    data = b"x" * 100_000_000
    del data
    print(flush=True)
"""


def test_the_most_memory_is_remembered_until_it_is_forgotten():
    """Of a process of its own: this one may be large, and grow or shrink by itself."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", GREEDY], stdin=pipe, stdout=pipe) as child:
        child.stdout.readline()
        before = proc.peak(child.pid)
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.stdout.readline()
        assert proc.peak(child.pid) > before + 50
        proc.forget_peak(child.pid)
        assert proc.peak(child.pid) < before + 50
        child.stdin.close()
