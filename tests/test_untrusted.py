"""What comes from outside can be shown on any surface, and as JSON loses nothing."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from rag.untrusted import disarm, to_json

anything = st.text(st.characters(exclude_categories=()))


@given(anything)
def test_what_is_disarmed_is_so_for_good(text: str) -> None:
    assert disarm(disarm(text)) == disarm(text)


@given(st.dictionaries(anything, st.lists(anything, max_size=3), max_size=3), st.sampled_from([None, 2]))
def test_json_is_safe_to_print_and_reads_the_same(record: dict[str, list[str]], indent: int | None) -> None:
    written = to_json(record, indent=indent)
    assert disarm(written) == written
    assert json.loads(written) == record


def test_json_keeps_letters_readable() -> None:
    assert to_json({"имя": "Østerås\n\u202e\x9b\U000e0041"}) == r'{"имя": "Østerås\n\u202e\u009b\udb40\udc41"}'
