"""Rules that must be refused when they are loaded: bad/*.json, and in *.err what is said."""
import glob
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
from lab import ROOT, binary  # noqa: E402

FILES = sorted(glob.glob(HERE + "/bad/*.json"))


def validate(*paths):
    return subprocess.run([binary("adsyncctl"), "--metaverse", ROOT + "/schema/metaverse.json",
                           "rules", "validate", *paths], capture_output=True, text=True,
                          check=False, timeout=60)


@pytest.mark.parametrize("path", FILES, ids=[os.path.basename(f)[:-5] for f in FILES])
def test_refused(path):
    done = validate(path)
    with open(path[:-5] + ".err", encoding="utf-8") as f:
        want = f.read().strip()
    assert done.returncode == 1, done.stdout
    assert want in done.stderr, done.stderr
    assert os.path.basename(path) + ":" in done.stderr  # the file, and then the line


def test_shipped_rules_are_good():
    done = validate(ROOT + "/conf/rules")
    assert done.returncode == 0, done.stderr
    assert "good: 49 rules" in done.stdout
