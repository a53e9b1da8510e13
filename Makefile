# make demo   set everything up and run the packaged study
# make test   set everything up and run the checks and tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: demo test docs setup lint tests processes judge dial validate reanalysis studies ray storm race scale malformed flips performance checkpoints clean

demo: $(VENV)/.installed
	$(BIN)/proclivity demo

test: lint tests docs

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

tests: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest

# Builds the documentation into site/; a warning is an error (--quiet would silence what --strict counts).
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Slow: trains by two processes in every way that is offered, and ends them in every way that they can end.
processes: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m processes

setup: $(VENV)/.installed-dev

# Slow: judges the microworld recipe on pretraining seeds that its development never saw.
judge: $(VENV)/.installed
	$(BIN)/python benchmarks/judge_recipe.py

# Slow: pretrains worlds from no link to full, and draws the spread from choice to language over it. make dial DIAL=--plan
DIAL ?=
dial: $(VENV)/.installed
	$(BIN)/proclivity microworld dial --out runs/dial $(DIAL)

# Slow: simulates studies whose truth is known, and says whether intervals and verdicts keep what they promise.
validate: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/validate_inference.py

# Times the analysis of a study of the demo's size, from its file and without torch.
reanalysis: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/reanalysis.py

# Slow: runs every packaged study and prints minutes and verdicts.
studies: $(VENV)/.installed
	$(BIN)/python benchmarks/packaged_studies.py

# Slow: kills a study of the demo's size fifty times and compares what it ends in with an undisturbed run.
storm: $(VENV)/.installed
	$(BIN)/python benchmarks/kill_storm.py

# Slow: runs that share one folder, at once, in parts and killed, against one run alone.
race: $(VENV)/.installed
	$(BIN)/python benchmarks/race.py

# Slow: claims and commits ten thousand jobs of a study of ten thousand adapters, without models.
scale: $(VENV)/.installed
	$(BIN)/python benchmarks/scheduler_at_scale.py

# Slow: a study on a Ray cluster of three nodes that loses one, against the same study without.
ray: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/ray_cluster.py --set 'models=[{"name": "llama-equal", "path": "llama-equal"}]'

# Slow: breaks packaged files in 2,000 ways; each has to end in a message, none in a traceback.
malformed: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/malformed_files.py --examples 2000

# Slow: damages every file of a finished run in three ways, one at a time; `status` has to name each. make flips RUN=…
RUN ?= runs/demo
flips: $(VENV)/.installed
	$(BIN)/python benchmarks/flip_every_file.py --run $(RUN)

# Slow: speed beside TRL and lm-evaluation-harness, stacks, growth; prints the tables of docs/performance.md.
performance: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,peers]'
	$(BIN)/python benchmarks/performance.py

# Slow: makes the packaged checkpoints anew.
checkpoints: $(VENV)/.installed
	for name in llama-equal gpt2-equal gpt2-independent gpt2-rewired; do \
		$(BIN)/proclivity microworld build --architecture $${name%-*} --world $${name#*-} \
			--out src/proclivity/microworld/checkpoints/$$name || exit; \
	done

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) runs site build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
