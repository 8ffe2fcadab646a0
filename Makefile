# Thin wrappers: README's lines work without make.
.PHONY: run test check tune docs
SETUP = python3 -m venv .venv && .venv/bin/python -m pip install -q -c constraints.txt -e '.[all]'

run:
	$(SETUP) && .venv/bin/reservoirs-bench run

test:
	$(SETUP) && .venv/bin/python -m pytest

check:
	bash .ci/run

tune:
	$(SETUP) && .venv/bin/reservoirs-bench tune

docs:
	$(SETUP) && .venv/bin/python -m pip install -q -c constraints.txt -e '.[docs,real-data]' && .venv/bin/python -m sphinx -W --keep-going -q docs docs/_build/html
