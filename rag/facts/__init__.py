"""Figures and dates of texts: found, normalised, compared.

>>> from rag import facts
>>> [(fact.text, str(fact.value), fact.unit) for fact in facts.find("omtrent 14 milliarder dollar", "no")]
[('14 milliarder dollar', '14000000000', 'USD')]
"""

from rag.facts.comparing import SIMILAR, compare, same_value
from rag.facts.context import Mention, Named, Topic, inside, is_about, key, names, read, topic
from rag.facts.finding import find
from rag.facts.grouping import Group, Link, dimension, group
from rag.facts.records import Amount, Bound, Fact, Kind, Period, Relation, Verdict
from rag.facts.tables import Row, Table, table
from rag.facts.writing import write

__all__ = [
    "SIMILAR",
    "Amount",
    "Bound",
    "Fact",
    "Group",
    "Kind",
    "Link",
    "Mention",
    "Named",
    "Period",
    "Relation",
    "Row",
    "Table",
    "Topic",
    "Verdict",
    "compare",
    "dimension",
    "find",
    "group",
    "inside",
    "is_about",
    "key",
    "names",
    "read",
    "same_value",
    "table",
    "topic",
    "write",
]
