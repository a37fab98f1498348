"""Indexes a folder with LangChain and FAISS as their documentation has it, and prints what it took as JSON.

Runs in an environment of its own: benchmarks/scale.py sets it up and starts this.
"""

import json
import resource
import sys
import time

from langchain_community.document_loaders import DirectoryLoader, TextLoader
from langchain_community.vectorstores import FAISS
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter


def main(folder: str, model: str, hits: int) -> None:
    """Index a folder; then search for the questions given on stdin, one a line."""
    embeddings = HuggingFaceEmbeddings(model_name=model, model_kwargs={"device": "cpu"})
    embeddings.embed_query("warm-up")
    started = time.perf_counter()
    documents = DirectoryLoader(
        folder, glob="**/*.txt", loader_cls=TextLoader, loader_kwargs={"encoding": "utf-8"}
    ).load()
    chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(documents)
    store = FAISS.from_documents(chunks, embeddings)
    built = time.perf_counter() - started
    searches = []
    for question in sys.stdin.read().splitlines():
        started = time.perf_counter()
        store.similarity_search(question, k=hits)
        searches.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": built, "passages": len(chunks), "searches": searches, "maxrss": peak}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
