"""What can go wrong, as a tree. The command line and the page catch `RagError` once and show its message.

RagError                  exit code 2: wrong use or bad input
├── SettingsError         an unknown key, a value of the wrong type, a broken rag.toml
├── DocumentsError        the documents folder is missing, empty or unreadable
│   └── UnreadableDocument    one file cannot be read as text (it is skipped, or fatal with --strict)
├── ModelError            a model is missing, damaged, or not what its checksum says
│   └── LanguageModelError    a language model is down, slow, refuses, or does not speak the protocol
├── IndexError_           something is wrong with the index folder
│   ├── MissingIndex          nothing has been indexed yet
│   ├── IncompatibleIndex     built by other settings, another model or another version
│   ├── DamagedIndex          a file is missing, truncated or altered
│   └── IndexNotWritable      the folder is read-only or the disk is full
├── QuestionError         the question cannot be asked (empty, too long)
├── EvaluationError       an evaluation cannot be run as asked (an unknown metric, a baseline of other questions)
│   └── QuestionFileError     a question file is missing, malformed, or does not fit the documents
├── CitationError         a malformed citation id
├── HistoryError          the file of conversations is locked, damaged, not writable, or a newer version's
│   └── UnknownConversation   there is no such conversation or turn, or it is somebody else's
├── UsersError            the users file is missing or malformed, or a user or password cannot be taken
└── ServeError            the page cannot be served (port in use, address refused)

A message says what is wrong, where, and what to do next.
"""

from __future__ import annotations


class RagError(Exception):
    """Base of everything a user can cause and mend."""


class SettingsError(RagError):
    """A setting is unknown or has a value it cannot have."""


class DocumentsError(RagError):
    """The documents folder cannot be used."""


class UnreadableDocument(DocumentsError):
    """One file cannot be read as text; `reason` is the part without its name."""

    def __init__(self, document_id: str, reason: str) -> None:
        super().__init__(f"{document_id}: {reason}")
        self.document_id = document_id
        self.reason = reason


class ModelError(RagError):
    """A model cannot be loaded."""


class LanguageModelError(ModelError):
    """A language model that was asked does not give a sound reply."""


class IndexError_(RagError):
    """Base of what can be wrong with an index (the underscore keeps the built-in visible)."""


class MissingIndex(IndexError_):
    """There is no index at the given place."""


class IncompatibleIndex(IndexError_):
    """The index was built with other settings, another model or another version."""


class DamagedIndex(IndexError_):
    """A file of the index is missing, truncated or altered."""


class IndexNotWritable(IndexError_):
    """The index folder cannot be written."""


class QuestionError(RagError):
    """The question cannot be asked."""


class EvaluationError(RagError):
    """An evaluation cannot be run as asked."""


class QuestionFileError(EvaluationError):
    """A question file cannot be used; `problems` names each line that is wrong."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class CitationError(RagError):
    """A citation id does not have the form ``document#start-end~hash``."""


class HistoryError(RagError):
    """The file of conversations cannot be used; the program goes on without."""


class UnknownConversation(HistoryError):
    """The owner has no such conversation, or it has no such turn."""


class UsersError(RagError):
    """The users file cannot be used, or not be changed as asked."""


class ServeError(RagError):
    """The page cannot be served as asked."""
