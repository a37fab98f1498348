"""XML from anybody: no entity is expanded, nothing outside is fetched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.formats.draft import Unreadable

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)


def parse(data: bytes, what: str) -> Element:
    """Return the root of a part of a document, called `what`. Raises Unreadable.

    Entities of its own have no place in the XML that documents are made of, so one that declares any is refused.
    """
    from lxml import etree

    if _ENTITY.search(data):
        raise Unreadable(f"{what} declares XML entities, as attacks do; it is not read")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        raise Unreadable(f"{what} is damaged; open the file and save it anew") from None
    return root
