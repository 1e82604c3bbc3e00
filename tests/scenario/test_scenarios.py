"""Runs every scenario three ways: once, again, and killed at each fault point (see engine.py)."""
import os
import sys

import pytest

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"),
                os.path.dirname(os.path.abspath(__file__))]
from engine import killed, normal_and_again  # noqa: E402
from forests import ALL as FORESTS  # noqa: E402
from scenarios import ALL  # noqa: E402
from writeback import ALL as WRITEBACK  # noqa: E402

ONLY = os.environ.get("ADSYNC_SCENARIOS", "").split()
CHOSEN = [s for s in ALL + FORESTS + WRITEBACK if not ONLY or s.__name__ in ONLY]


@pytest.mark.parametrize("scenario", CHOSEN, ids=lambda s: s.__name__)
def test_normal_and_again(scenario):
    normal_and_again(scenario())


@pytest.mark.parametrize("scenario", CHOSEN, ids=lambda s: s.__name__)
def test_killed(scenario):
    # a table of points that no longer meets the code would test nothing
    assert killed(scenario()) >= 10
