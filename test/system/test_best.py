"""A split with best_by through the daemon: results are counted, shares follow them, both outlive a restart."""
import pytest

from house import nurturectl

RULES = """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: America/New_York
---
events: { quote.sent: {}, order.placed: {} }
---
campaign: offer
enter: { on: quote.sent }
goal: { on: order.placed }
steps:
  - id: wording
    split:
      - { share: 50%, steps: [ tag: plain, wait: 5 days ] }
      - { share: 50%, steps: [ tag: friendly, wait: 5 days ] }
    best_by: goal
"""
LEADS = 140


@pytest.fixture
def place(build_house):
    return build_house(rules={"all.yaml": RULES}).start()


def come(place, first, last):
    """Quotes for these leads; gives those who got the second arm."""
    names = ["lead-%d" % i for i in range(first, last)]
    place.api("POST", "/v1/events", [{"lead": name, "event": "quote.sent"} for name in names])
    place.quiet()
    return [name for name in names if "friendly" in place.api("GET", "/v1/leads/" + name).json["tags"]]


def shares(place):
    (split,) = place.status()["splits"]
    assert (split["campaign"], split["step"], split["by"]) == ("offer", "wording", "goal")
    return [arm["share"] for arm in split["arms"]]


def test_shares_follow_results(place):
    friendly = come(place, 0, LEADS)
    assert 50 <= len(friendly) <= LEADS - 50
    assert shares(place) == [50, 50]
    place.api("POST", "/v1/events", [{"lead": name, "event": "order.placed"} for name in friendly])
    place.forward(hours=1)
    come(place, LEADS, LEADS + 1)
    assert shares(place) == [5, 95]
    assert len(come(place, LEADS + 1, LEADS + 41)) > 30
    place.stop()
    place.start()
    assert shares(place) == [5, 95]
    said = nurturectl("status", "--socket", place.path("control.sock"))
    assert "offer wording, by goal" in said.stdout, said.stdout
