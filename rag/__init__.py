"""Question answering over a folder of documents, with citations exact to the character."""

from rag.errors import RagError
from rag.types import Answer, Candidate, Citation, Conflict, ConflictValue, Document, Hit, Passage, Span, Statement

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Candidate",
    "Citation",
    "Conflict",
    "ConflictValue",
    "Document",
    "Hit",
    "Passage",
    "RagError",
    "Span",
    "Statement",
    "__version__",
]
