# make install | demo | test | lint | audit | format | clean. Everything runs in .venv; nothing needs to be activated.
PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin
CHECKED := $(wildcard src tests benchmarks examples recipes)
STORY := A fox walks through the forest. It meets an owl. They sit under a tree. The owl flies away under the moon.

.PHONY: install demo test hostile lint audit format clean
install: .venv/.installed

# The stamp is newer than what it depends on, so that an installed environment is left alone.
.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "videodirector needs Python 3.11 or later; try: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: install
	$(BIN)/videodirector make "$(STORY)" -o demo/story.mp4

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CHECKED)
	$(BIN)/lint-imports --no-cache

# One thread for each worker: two workers with two threads each on two cores only get into each other's way.
test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope

# Attacks on files, servers, caches and interrupts; minutes long, and not all of them pass yet (see CHANGELOG.md).
hostile: install
	VIDEODIRECTOR_HOSTILE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist load tests/hostile

# Without a network there is nothing to ask: that is said, and is no failure. See docs/dependencies.md.
audit: install
	$(BIN)/python benchmarks/audit.py

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
