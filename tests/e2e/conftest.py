"""Fixtures: labs that end what they started."""
import json
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import GRAPH_APP, ROOT, Emulator, Lab  # noqa: E402


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


@pytest.fixture
def make_emulator(tmp_path):
    """An emulator of the sample tenant with more keys; "Only public Graph" has just these roles."""
    running = []

    def make(*options, roles=None, owns_itself=True, **more):
        """The one before is stopped. The folder is kept: a new one finds what it left."""
        if running:
            running.pop().stop()
        with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
            tenant = dict(json.load(f), **more)
        for app in tenant["applications"]:
            if app["appId"] == GRAPH_APP[0] and roles is not None:
                app["roles"], app["ownsItself"] = roles, owns_itself
        path = tmp_path / "tenant.json"
        path.write_text(json.dumps(tenant), encoding="utf-8")
        running.append(Emulator(str(tmp_path), *options, tenant=str(path)))
        return running[-1]

    yield make
    for one in running:
        one.stop()
