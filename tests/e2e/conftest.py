"""Fixtures: labs that end what they started."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import Lab  # noqa: E402


@pytest.fixture
def make_lab(tmp_path):
    labs = []

    def make(*args, **kwargs):
        folder = tmp_path / ("lab%d" % len(labs))
        folder.mkdir()
        labs.append(Lab(folder, *args, **kwargs))
        return labs[-1]

    yield make
    for one in labs:
        one.close()
