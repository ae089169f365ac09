# `make run` and `make test` do all the set-up on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PORT ?= 8000
export DATA ?= var

.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-tools lighthouse instructions crash crash-mistakes fuzz lock videos old-videos chromium ffmpeg fonts

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(VENV)/run.stamp: requirements/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

run: $(VENV)/run.stamp ## Start the portal with demo data on http://127.0.0.1:8000
	@exec $(BIN)/portal demo --port $(PORT) --data $(DATA)

chromium:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	  else echo "Chromium is missing: install it, or run make test as root on Debian." >&2; exit 1; fi; }

test: $(VENV)/dev.stamp chromium ## Run all tests (SQLite, and PostgreSQL where a server answers)
	$(BIN)/python -m pytest -n 3 --dist loadgroup $(ARGS)

check: $(VENV)/dev.stamp ## Lint, types, import rules, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet

bench-tools: ## Install what the benchmarks compare with: nginx, and wrk that loads servers
	@command -v nginx >/dev/null && command -v wrk >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light wrk >/dev/null; \
	  else echo "nginx or wrk is missing: install both, or run make bench-tools as root on Debian." >&2; fi; }

bench: $(VENV)/dev.stamp bench-tools ## Run the benchmarks; ends with an error when one misses its bar
	@status=0; for file in benchmarks/*.py; do echo "== $$file"; PYTHONPATH=. $(BIN)/python $$file || status=1; done; exit $$status

lighthouse: $(VENV)/dev.stamp chromium ## Lighthouse on the public pages as a phone; needs Node.js, fails below 100
	@PYTHONPATH=. $(BIN)/python -m scripts.lighthouse

instructions: $(VENV)/dev.stamp chromium ## Walk the steps of the help pages in a browser and note the day
	PORTAL_NOTE_TESTED=1 $(BIN)/python -m pytest tests/journeys/test_main_job.py -k from_reading_to_receipt

crash: $(VENV)/dev.stamp ## Kill workers a thousand times while hours are sent (SQLite and PostgreSQL)
	PYTHONPATH=. $(BIN)/python -m tests.crash.run --kills 1000 --lines 500 $(ARGS)

crash-mistakes: $(VENV)/dev.stamp ## Bring mistakes in and see the crash test catch each
	PYTHONPATH=. $(BIN)/python -m tests.crash.mistakes $(ARGS)

fuzz: $(VENV)/dev.stamp ## Ten thousand requests that nobody would send; prints the seed (ARGS="--cases 20000 --seed 7")
	PYTHONPATH=. $(BIN)/python -m tests.proof.run $(ARGS)

lock: ## Choose the newest versions again and write their hashes
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/python -m pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --upgrade --quiet pyproject.toml --extra build -o requirements/run.txt
	$(VENV)/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --upgrade --quiet pyproject.toml --extra build --extra dev -c requirements/run.txt -o requirements/dev.txt

ffmpeg:
	@command -v ffmpeg >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ffmpeg >/dev/null; \
	  else echo "ffmpeg is missing: install it, or run make videos as root on Debian." >&2; exit 1; fi; }

fonts:
	@fc-list 2>/dev/null | grep -qi liberation || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends fontconfig fonts-liberation >/dev/null; \
	  else echo "The Liberation fonts are missing: install them, or run make videos as root on Debian." >&2; exit 1; fi; }

videos: $(VENV)/dev.stamp chromium ffmpeg fonts ## Make the clips again (CLIP=name for one)
	$(BIN)/python -m scripts.video.make $(if $(CLIP),--clip $(CLIP))

old-videos: $(VENV)/dev.stamp chromium ## Say which clips are older than the screens they show
	$(BIN)/python -m scripts.video.make --check
