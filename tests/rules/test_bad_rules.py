"""Rules that must be refused when they are loaded: bad/*.json, and in *.err what is said."""
import glob
import os
import re
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


@pytest.mark.parametrize("name", ["two-joins", "two-joins-no-scope"])
def test_two_joins_for_one_object_are_a_warning(name):
    """As in Connect Sync's own rules: they are tried in order of precedence."""
    done = validate(HERE + "/warned/%s.json" % name)
    assert done.returncode == 0, done.stderr
    assert re.search(r'%s.json:\d+: rule "Two": it has join conditions, and so has "One" \(.*'
                     'both can be in scope of one user' % name, done.stdout), done.stdout
    assert "good: 2 rules, 1 warnings" in done.stdout


def test_shipped_rules_are_good():
    done = validate(ROOT + "/conf/rules")
    assert done.returncode == 0, done.stderr
    assert "good: 51 rules" in done.stdout
