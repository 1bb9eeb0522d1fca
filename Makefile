# make run    the sample town, crawled from stand-in servers on this machine into claims
# make test   lint, types, import directions, tests
# Each sets up .venv first where it is missing or its requirements have changed.

BIN := .venv/bin
PROJECT := setup.cfg pyproject.toml requirements-build.txt

.PHONY: run test lint cover bench lock clean

run: .venv/.run
	$(BIN)/python -m tests.servers.town $(BIN)/chengqing --data var/town demo

test: .venv/.dev
	scripts/test

lint: .venv/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/mypy
	$(BIN)/lint-imports

cover: .venv/.dev
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage report

bench: .venv/.dev
	$(BIN)/python -m benchmarks

lock: .venv/.dev
	scripts/lock

clean:
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage

.venv/.run: $(PROJECT) requirements.txt
	scripts/venv requirements.txt
	touch $@

# The developers' file holds all of requirements.txt, in the same versions.
.venv/.dev: $(PROJECT) requirements.txt requirements-dev.txt
	scripts/venv requirements-dev.txt
	touch .venv/.run $@
