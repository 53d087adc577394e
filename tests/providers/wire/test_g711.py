"""Telephone sound by the tables of ITU-T G.711, in 16 bits."""

import pytest

from providers.wire.g711 import law

# (code, value): ends of segments, in the tables' numbers: 13 bits of A-law, 14 of μ-law.
A_LAW = [(0x80 ^ 0x55, 1), (0x81 ^ 0x55, 3), (0x90 ^ 0x55, 33), (0xA0 ^ 0x55, 66)]
A_LAW += [(0xB0 ^ 0x55, 132), (0xC0 ^ 0x55, 264), (0xD0 ^ 0x55, 528), (0xE0 ^ 0x55, 1056)]
A_LAW += [(0xF0 ^ 0x55, 2112), (0xFF ^ 0x55, 4032), (0x00 ^ 0x55, -1), (0x7F ^ 0x55, -4032)]
MU_LAW = [(0xFF, 0), (0xFE, 2), (0xF0, 30), (0xEF, 33), (0xE0, 93), (0xDF, 99), (0xCF, 231)]
MU_LAW += [(0xBF, 495), (0xAF, 1023), (0x9F, 2079), (0x8F, 4191), (0x80, 8031)]
MU_LAW += [(0x7F, 0), (0x7E, -2), (0x00, -8031)]
TABLES = {"a": (A_LAW, 8), "u": (MU_LAW, 4)}


def samples(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "little", signed=True) for value in values)


@pytest.mark.parametrize("name", TABLES)
def test_values_are_the_recommendations(name):
    table, scale = TABLES[name]
    codes = bytes(code for code, _ in table)
    assert law(name).decode(codes) == samples(*(value * scale for _, value in table))


@pytest.mark.parametrize("name", TABLES)
def test_every_value_has_its_own_code(name):
    one, every = law(name), bytes(range(256))
    told = one.encode(one.decode(every))
    # Of μ-law's two zeros the positive one is said.
    assert told == (every if name == "a" else every.replace(b"\x7f", b"\xff"))


@pytest.mark.parametrize("name", TABLES)
def test_a_value_is_in_the_middle_of_those_that_have_its_code(name):
    one, asked = law(name), range(32_768)
    told = one.encode(samples(*asked))
    for code in set(told) - {0x80, 0xAA, 0xFF}:  # the loudest of both, and μ-law's zero
        first, count = told.index(code), told.count(code)
        assert told[first : first + count] == bytes([code]) * count
        assert one.decode(bytes([code])) == samples(first + count // 2)


DECIDED = """
a 15 d5, a 16 d4, a -16 55, a -17 54, a 511 ca, a 512 f5, a 32767 aa, a -32768 2a,
u 3 ff, u 4 fe, u -4 7f, u -5 7e, u 123 f0, u 124 ef, u 32767 80, u -32768 00
"""


@pytest.mark.parametrize("decided", DECIDED.split(","))
def test_decision_values_part_the_codes(decided):
    name, value, code = decided.split()
    assert law(name).encode(samples(int(value))) == bytes.fromhex(code)
