"""Files of many formats as text: `extract(data, name)` returns the text of one and the places in it.

A format is a module here with one function, ``read(data, draft)``: see `reading.Read`. `sniffing` tells which of them a
file is for; `processes` keeps the parsers, which are other people's code fed with anybody's files, at arm's length.
"""

from __future__ import annotations

from rag.formats.draft import Extract, Limits, Unreadable
from rag.formats.processes import Processes, extract
from rag.formats.sniffing import BY_SUFFIX, UNREAD, is_plain_text

__all__ = ["LISTED", "SUFFIXES", "Extract", "Limits", "Processes", "Unreadable", "extract", "is_plain_text"]

SUFFIXES = frozenset(BY_SUFFIX)  # of the names of files that are read
LISTED = SUFFIXES | UNREAD.keys()  # of those that are taken for documents: some of them, only to say what to do
