"""System tests: the daemon that was built, with real servers, on loopback."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import house as houses  # noqa: E402
import sinks  # noqa: E402


def pytest_configure(config):
    if "TSAN_OPTIONS" in os.environ:
        os.environ.setdefault("G_SLICE", "always-malloc")  # see tsan.supp
    if not os.path.exists(os.path.join(houses.BUILD, "nurtured")):
        raise pytest.UsageError("nurtured isn't built in %s: make it, or say where it is in NT_BUILDDIR" % houses.BUILD)


@pytest.fixture
def ending():
    """Things with close() or end(), ended in reverse order whatever happens."""
    things = []
    yield lambda thing: (things.append(thing), thing)[1]
    for thing in reversed(things):
        (thing.end if hasattr(thing, "end") else thing.close)()


@pytest.fixture
def sink(ending):
    return ending(sinks.CountingSink())


@pytest.fixture
def build_house(tmp_path, ending):
    """Makes a daemon's folder; start it with start()."""
    made = []

    def build(**options):
        made.append(1)
        return ending(houses.House(tmp_path / ("house%d" % len(made)), **options))
    yield build


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What the daemon said goes with a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed and "tmp_path" in item.funcargs:
        for folder, _, names in os.walk(item.funcargs["tmp_path"]):
            if "log" in names and "nurtured.yaml" in names:
                with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as f:
                    report.sections.append(("nurtured in " + folder, f.read()[-4000:]))
