# Every target sets up .venv by itself; a second call installs nothing.
# Variables: PYTHON=python3.12  CHAPTER=foundations/perceptron  PORT=8000  URL=https://github.com/owner/name

PYTHON ?= python3
PORT ?= 8000
VENV_PYTHON := .venv/bin/python
INSTALLED := .venv/.installed

export KERAS_BACKEND := torch
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help book lite lite-times serve test test-notebooks test-code test-browser test-lite lint execute times reproduce colab colab-check hub lighthouse repository weights bench clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 16

# The stamp is newer than both files when what is installed is what they say.
$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "This course needs Python 3.11 \
	or newer; $(PYTHON) is %d.%d. Name another one: make PYTHON=python3.12 …" % v[:2])'
	@$(PYTHON) -m venv .venv || { echo "Could not make .venv (on Debian and Ubuntu: apt install python3-venv)."; exit 1; }
	$(VENV_PYTHON) -m pip install --quiet --requirement requirements.txt
	$(VENV_PYTHON) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Sphinx reads unchanged pages from its cache and would not repeat their warnings: after a failure, drop the cache.
book: $(INSTALLED)  ## build the web book into _build/html
	@.venv/bin/jupyter-book build . -W --keep-going || { rm -rf _build/.doctrees; exit 1; }
	@$(MAKE) --no-print-directory lite
	@echo "The book is built. Open $(CURDIR)/_build/html/index.html, or run: make serve"

# Does nothing where nothing has changed. PYODIDE_DIR=/path/to/pyodide brings Pyodide along: the site then asks nobody.
lite: $(INSTALLED)  ## build the notebooks that run in the browser into _build/html/lite (part of book)
	@$(VENV_PYTHON) tools/lite.py

lite-times: $(INSTALLED)  ## measure the chapters in the browser (PYODIDE_DIR=…; CHAPTER=… for one)
	$(VENV_PYTHON) tools/lite_times.py $(CHAPTER)

_build/html/index.html:
	@$(MAKE) book

serve: $(INSTALLED) _build/html/index.html  ## serve the built book on localhost (PORT=8000)
	@echo "The book is at http://localhost:$(PORT)/ (stop with Ctrl-C)"
	@$(VENV_PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

# All run, whatever the first one finds.
test: lint  ## lint the code, then run every test but those of test-lite
	@$(MAKE) --no-print-directory --keep-going test-notebooks test-code test-browser

# One thread each: several notebooks at once that each ask for every core would only wait for each other.
test-notebooks: $(INSTALLED)  ## run the notebooks again, several at once, and compare their outputs
	OMP_NUM_THREADS=1 $(VENV_PYTHON) -m pytest book --numprocesses=logical --maxprocesses=4 --dist=loadfile

test-code: $(INSTALLED)  ## run the tests of the package, the exercises, the book and its tools
	$(VENV_PYTHON) -m pytest tests --ignore=tests/browser --numprocesses=2 --dist=loadfile --cov --cov-report=term:skip-covered

test-browser: $(INSTALLED)  ## run the tests of the built book in Chromium (after make book)
	$(VENV_PYTHON) -m pytest tests/browser --ignore=tests/browser/test_lite_chapters.py --numprocesses=3 --dist=worksteal

test-lite: $(INSTALLED)  ## run every notebook in the browser, too (after make book; PYODIDE_DIR=…; half an hour)
	$(VENV_PYTHON) -m pytest tests/browser/test_lite_chapters.py

lint: $(INSTALLED)  ## lint the code
	$(VENV_PYTHON) -m ruff check .

execute: $(INSTALLED)  ## run notebooks and store their outputs (CHAPTER=foundations/perceptron for one)
	$(VENV_PYTHON) tools/execute.py $(CHAPTER)

times: $(INSTALLED)  ## run every notebook alone and write what it costs onto the page "Run times" (CHAPTER=… for one)
	$(VENV_PYTHON) tools/times.py $(CHAPTER)

reproduce: $(INSTALLED)  ## run all notebooks in several numeric environments and compare
	$(VENV_PYTHON) tools/reproduce.py

colab: $(INSTALLED)  ## run each notebook alone, as in Colab (CHAPTER=… for one; asks the package index)
	$(VENV_PYTHON) tools/colab.py $(CHAPTER)

colab-check: $(INSTALLED)  ## show that installing companion in Colab replaces nothing (asks the package index)
	$(VENV_PYTHON) tools/colab.py --install-only

hub: $(INSTALLED)  ## a JupyterHub on this machine, and a learner on it (CHAPTER=… for another; needs npm, Chromium)
	$(VENV_PYTHON) tools/hub.py $(CHAPTER)

lighthouse: $(INSTALLED)  ## score the built site for speed, access, practice, findability (needs npm, Chromium)
	$(VENV_PYTHON) tools/lighthouse.py

repository: $(INSTALLED)  ## point the course at a fork (URL=https://github.com/owner/name)
	$(VENV_PYTHON) tools/repository.py "$(URL)"

weights: $(INSTALLED)  ## train anew the weights that the book ships (tens of minutes)
	$(VENV_PYTHON) tools/train_weights.py

# An environment of its own: the peers need packages that the course does not.
_build/bench-venv/.installed: benchmarks/requirements.txt
	$(PYTHON) -m venv _build/bench-venv
	_build/bench-venv/bin/python -m pip install --quiet --requirement benchmarks/requirements.txt
	@touch $@

bench: _build/bench-venv/.installed  ## measure companion beside its peers (TINY=1: only whether losses agree; PARTS="time-1 growth")
	_build/bench-venv/bin/python -m benchmarks $(if $(TINY),--tiny) $(if $(PARTS),--parts $(PARTS))

clean:  ## remove what was built and installed
	rm -rf _build .venv build dist *.egg-info .pytest_cache .ruff_cache .coverage
