"""The benchmarks are no installed package: the tests find them in the folder above."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
