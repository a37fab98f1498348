"""Documents folder -> a new generation of the index, taking over what has not changed.

Files go one way: `known` tells which are as they were, `feeding` reads the others ahead, `build` embeds their passages
in the meantime, `salvage` keeps the vectors until all are there, and `assembling` lays everything out.
"""

from __future__ import annotations

from rag.building.build import Copied, Moved, Progress, Report, build_index

__all__ = ["Copied", "Moved", "Progress", "Report", "build_index"]
