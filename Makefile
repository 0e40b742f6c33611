# Two commands: `make run` and `make test`. `make help` tells the rest.
SHELL := /bin/bash
PYTHON := .venv/bin/python
SETUP := @build/dev/setup.sh
# Tests at a time: most of them wait for a process, so that one core bears two.
AT_ONCE := $(shell n=$$(nproc); echo $$((n < 2 ? 2 : n > 4 ? 4 : n)))
NAMES := $(patsubst tests/bench/bench_%.py,%,$(sort $(wildcard tests/bench/bench_*.py)))

.PHONY: help run demo morning test lint bench faults lock train finetune package repository twice trial

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

run: ## set up, then the kiosk in a window with the city's API beside it (home: ./.kiosk-home)
	$(SETUP) run
	@$(PYTHON) build/dev/run.py

demo: ## one errand with real taps on a virtual screen; screenshots in ./demo
	$(SETUP) demo
	@$(PYTHON) build/dev/demo.py

morning: ## 60 citizens, two clerks, power cuts: a morning played and reckoned up (CITIZENS=6 SEED=2 PLANT=doubled_number)
	$(SETUP) test
	@$(PYTHON) -m tests.ui.morning --citizens $(or $(CITIZENS),60) --seed $(or $(SEED),1) --out demo/morning --plant "$(PLANT)"

test: ## set up, lint, then every test
	$(SETUP) test
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -n $(AT_ONCE) --dist worksteal $(PYTEST)

lint: ## ruff and mypy only
	$(SETUP) test
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

bench: ## the benchmarks, one JSON line each (NAMES="search accept" picks some)
	$(SETUP) demo
	@$(PYTHON) -m kiosk bench $(NAMES)

faults: ## every fault at length, hours: one JSON line each (FAULTS="--scale 0.01 --jobs 4 --only fork_loop")
	$(SETUP) test
	@nice -n 10 $(PYTHON) -m tests.faults.long $(FAULTS)

lock: ## resolve requirements/*.in anew into the hash-pinned locks (needs pip-compile)
	build/dev/lock.sh

train: ## make the speech model anew, hours (TRAIN="--speech none", "--only graph": see offline_models/README.md)
	@build/dev/train.sh
	@.venv-train/bin/python -m offline_models.training.run $(TRAIN)

finetune: ## teach the speech model the voices of a folder: make finetune SPEECH=DIR
	@test -n "$(SPEECH)" || { echo "make finetune: name the folder of recordings: make finetune SPEECH=DIR" >&2; exit 2; }
	@build/dev/train.sh
	@.venv-train/bin/python -m offline_models.training.finetune --speech "$(SPEECH)" $(TRAIN)

package: ## the Debian packages of this machine's architecture, in ./dist (about 10 min on two cores)
	build/package.sh

repository: ## a signed apt repository of ./dist/*.deb in ./dist/repository (key: GNUPGHOME, else a test key)
	build/repository.sh dist/repository dist

twice: ## two clean builds of the last commit, compared file by file
	build/same-twice.sh

trial: repository ## as root: the packages of ./dist tried in a bare Debian root, pictures in ./dist/trial
	$(SETUP) test
	$(PYTHON) build/trial.py dist/root dist/repository dist/trial --starts
