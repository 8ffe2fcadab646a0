# Thin wrappers: README's lines work without make.
.PHONY: run test lint check tune docs
SETUP = python3 -m venv .venv && .venv/bin/python -m pip install -q -c constraints.txt -e '.[all]'

run:
	$(SETUP) && .venv/bin/reservoirs-bench run

test:
	$(SETUP) && .venv/bin/python -m pytest

lint:
	bash .ci/lint

check:
	bash .ci/run

tune:
	$(SETUP) && .venv/bin/reservoirs-bench tune

docs:
	bash .ci/docs
