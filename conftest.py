"""Makes the notebooks in book/ tests, wherever pytest is started: see tests/book/nbcompare.py."""

pytest_plugins = ["nbcompare"]
