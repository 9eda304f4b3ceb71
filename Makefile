# `make fly` and `make test` set up what they need. See README.md for the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OUT ?= runs
SEED ?= 2000001
WORLD ?= city
DURATION ?= 60
CAMERA ?=
OPTIONS ?=
PORT ?= 8765
EPISODES ?= data/teleop
SHOW ?=

.PHONY: setup fly cockpit test test-slow lint types results hundred teleop-results readme-pictures lock clean

setup: $(READY)

$(READY): requirements.lock setup.cfg setup.py tools/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh tools/setup.sh
	@touch $@

fly: $(READY)
	@$(BIN)/liquid-nav fly --world "$(WORLD)" --seed "$(SEED)" --duration "$(DURATION)" --out "$(OUT)" $(foreach option,$(OPTIONS),--option $(option)) $(if $(CAMERA),--camera "$(CAMERA)") $(SHOW)

# A web page to fly from, in forests that may be learned from; prints its address.
cockpit: WORLD := $(if $(filter environment,$(origin WORLD)),$(WORLD),forest)
cockpit: SEED := $(if $(filter environment,$(origin SEED)),$(SEED),1)
cockpit: $(READY)
	@$(BIN)/liquid-nav fly --cockpit --world "$(WORLD)" --seed "$(SEED)" --port "$(PORT)" --episodes "$(EPISODES)" --out "$(OUT)" $(foreach option,$(OPTIONS),--option $(option))

# Tests that time real processes come alone, after the others, so that nothing else takes their time.
test: $(READY)
	@$(BIN)/python -m pytest -n 2 -q -m "not slow and not ros"
	@$(BIN)/python -m pytest -q -m "ros and not slow"

test-slow: $(READY)
	@$(BIN)/python -m pytest -n 2 -q -m slow

lint: $(READY)
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

# The tables in README.md, the policy's card and docs/results: test seeds; takes hours, which each results.md tells.
results: $(READY)
	@$(BIN)/liquid-nav evaluate --suite worlds --episodes 15 --seed 14 --keep-failures 8 --out docs/results
	@$(BIN)/liquid-nav evaluate --suite stress --episodes 100 --seed 14 --out docs/results/stress
	@$(BIN)/liquid-nav evaluate --suite time --episodes 100 --seed 14 --out docs/results/time
	@$(BIN)/liquid-nav evaluate --suite air --episodes 100 --seed 14 --out docs/results/air
	@$(BIN)/liquid-nav evaluate --suite forest-unseen --episodes 200 --seed 0 --policy expert --out docs/results/expert
	@$(BIN)/python -m training.readme_table

# A hundred flights of each condition that the mission is about, for the same tables: about 95 minutes on two cores.
HUNDRED := forest-unseen forest-autumn forest-winter forest-spring forest-light forest-range forest-decoys city-walking \
  city-still city-decoys city-occlusion snowfield-still warehouse-still construction-still snowfield-walking \
  warehouse-walking construction-walking
hundred: $(READY)
	@for suite in $(HUNDRED); do \
	  $(BIN)/liquid-nav evaluate --suite $$suite --episodes 100 --seed 14 --out docs/results/hundred/$$suite || exit 1; done
	@$(BIN)/python -m training.readme_table

# What twenty sessions of a scripted pilot teach, against the expert's on the same ways: two hours of one core.
teleop-results: $(READY)
	@$(BIN)/liquid-nav episodes teleop --out data/sessions --episodes 20 --session 60 --seed 3
	@$(BIN)/liquid-nav episodes teleop --out data/sessions-expert --episodes 20 --session 60 --seed 3 --expert
	@for who in sessions sessions-expert; do \
	  $(BIN)/liquid-nav train data/$$who --config training/configs/small.yaml --out checkpoints/$$who --name $$who && \
	  $(BIN)/liquid-nav evaluate --suite forest-unseen --episodes 20 --seed 3 --policy checkpoints/$$who \
	    --out docs/results/teleop/$$who && \
	  $(BIN)/liquid-nav train data/$$who --eye liquid_nav/pretrained/ncp_cfc_19 --config training/configs/small.yaml \
	    --out checkpoints/$$who-eye --name $$who-eye && \
	  $(BIN)/liquid-nav evaluate --suite forest-unseen --episodes 20 --seed 3 --policy checkpoints/$$who-eye \
	    --out docs/results/teleop/$$who-eye || exit 1; done

readme-pictures: $(READY)
	@$(BIN)/python -m training.readme_pictures runs/latest docs/pictures

lock: $(READY)
	@$(BIN)/python tools/lock.py

clean:
	rm -rf build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
