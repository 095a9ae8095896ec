# The commands of the course. `make help` lists them.
LANE ?= torchtext
ARGS ?=

VENV := $(if $(filter torchtext,$(LANE)),.venv,.venv-$(LANE))
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# Any Python from 3.8 on can run tools/install.py, which then looks for the one the lane needs.
# Each is run, not only found: a pyenv shim may be there and not work.
ANY_PYTHON = $(shell for p in "$$PYTHON" python3 python python3.11 python3.12 python3.13 \
	/usr/bin/python3; do "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 8))' \
	>/dev/null 2>&1 && echo "$$p" && break; done)

.PHONY: readme lab test notebooks site solutions review assign grade lock wheel bench lint install install-libraries install-extras install-site help
.DEFAULT_GOAL := help

lab: install  ## set up, copy the notebooks to work/, open JupyterLab
	@$(BIN)/python tools/lab.py $(ARGS)

test: install-extras  ## set up, run every test and every notebook
	$(BIN)/python -m pytest -n 2 $(ARGS)

notebooks: install-libraries  ## rebuild the notebooks whose source changed
	$(BIN)/python tools/build.py $(ARGS)

site: install-site  ## build the web edition into build/site/
	$(BIN)/python -m website.build $(ARGS)

solutions: install-libraries  ## build the solved notebooks into build/
	$(BIN)/python tools/build.py --solutions $(ARGS)

review: install  ## say what an exercise lacks: make review ARGS=05.14
	@$(BIN)/python -m grading review $(ARGS)

assign: install  ## make an assignment: make assign ARGS='01.1 01.4=2 --name week3'
	@$(BIN)/python -m grading assign $(ARGS)

grade: install  ## mark a folder of submissions: make grade ARGS='--help'
	@$(BIN)/python -m grading grade $(ARGS)

wheel: install  ## build dist/*.whl: the course for an environment without this folder
	$(BIN)/python -m pip wheel --quiet --no-deps --no-index --no-build-isolation \
		--wheel-dir dist .

bench: install-extras  ## measure import time, checks, validation
	$(BIN)/python -m tools.bench $(ARGS)

readme: install-libraries  ## write the README's table of lessons
	$(BIN)/python -m tools.readme

lint: install-extras  ## check the style and the types of the code
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

lock: install  ## write requirements/*.txt from requirements/*.in
	$(BIN)/python tools/lock.py $(ARGS)

install:  ## only set up the environment
	@$(or $(ANY_PYTHON),$(error No Python found: install Python 3.11 and run this again)) \
		tools/install.py --lane $(LANE) $(EXTRA)

# With what lesson 12 needs beside the lane: all notebooks, together, are about its exercises too.
install-libraries:
	@$(MAKE) --no-print-directory install EXTRA="--extra libraries"

# With what instructors need as well: the tests and the bench compare with it.
install-extras:
	@$(MAKE) --no-print-directory install EXTRA="--extra libraries --extra grading"

install-site:
	@$(MAKE) --no-print-directory install EXTRA="--extra libraries --extra site"

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile
	@echo "  LANE=torchtext (default) or LANE=latest; ARGS=... is passed on (make lab ARGS='--port 9000')"
