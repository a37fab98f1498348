"""Open the web chat over the documents: the same as ``rag serve``, with the same options."""

import sys

from rag.cli import main

if __name__ == "__main__":
    main(["serve", *sys.argv[1:]])
