"""Figures and dates of texts: found, normalised, compared.

>>> from rag import facts
>>> [(fact.text, str(fact.value), fact.unit) for fact in facts.find("omtrent 14 milliarder dollar", "no")]
[('14 milliarder dollar', '14000000000', 'USD')]
"""

from rag.facts.comparing import compare
from rag.facts.context import Mention, read
from rag.facts.finding import find
from rag.facts.grouping import Group, Link, group
from rag.facts.records import Amount, Bound, Fact, Kind, Period, Relation, Verdict
from rag.facts.tables import Row, Table, table

__all__ = [
    "Amount",
    "Bound",
    "Fact",
    "Group",
    "Kind",
    "Link",
    "Mention",
    "Period",
    "Relation",
    "Row",
    "Table",
    "Verdict",
    "compare",
    "find",
    "group",
    "read",
    "table",
]
