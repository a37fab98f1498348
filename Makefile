# Everything sets itself up: a virtual environment in .venv, with the CPU build of PyTorch where one is offered.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A CPU build of PyTorch under its plain version: elsewhere, name the index that has one (see README).
TORCH ?= torch==2.13.0

# So many processes run the tests; each may hold the encoder, the reader and a browser, about 1.5 GB.
PROCESSES ?= 2

# So many of the given questions `make answerers` asks, evenly out of the file; a higher number goes on from a lower one.
LIMIT ?= 30

# The level that the given questions must keep on the given documents; evaluation/bars.txt says how high.
BARS = --require $(foreach bar,$(shell cat evaluation/bars.txt),'$(bar)')

.PHONY: run test lint eval redteam answerers bench screenshots clean

run: $(VENV)/.installed
	@$(BIN)/python ui.py --documents seeds || test $$? -eq 130 # stopped by Ctrl-C

test: $(VENV)/.developer lint
	@$(BIN)/python -m tests.requirements
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder --doctest-modules --ignore=ui.py rag tests
	$(BIN)/python -m rag eval evaluation/seeds.jsonl --documents seeds $(BARS)

lint: $(VENV)/.developer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

eval: $(VENV)/.installed
	$(BIN)/python -m rag eval evaluation/seeds.jsonl --documents seeds --report build/evaluation --json build/evaluation/run.json

redteam: $(VENV)/.developer
	$(BIN)/python -m tests.redteam --answerer reader
	$(BIN)/python -m tests.redteam --answerer sentence
	$(BIN)/python -m tests.redteam --answerer quote
	$(BIN)/python -m tests.redteam --answerer compose
	$(BIN)/python -m tests.redteam --points

answerers: $(VENV)/.developer
	$(BIN)/python -m benchmarks.answerers evaluation/seeds.jsonl --documents seeds --work build/answerers --limit $(LIMIT)

bench: $(VENV)/.developer
	$(BIN)/python -m benchmarks

screenshots: $(VENV)/.developer
	$(BIN)/python -m tests.screenshots

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed, this is ' + sys.version)"
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/python -m pip install --quiet $(TORCH) || true
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.developer: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[llm]" --group dev
	touch $@
