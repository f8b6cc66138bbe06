"""plan says what new rules would do, apply loads exactly that; and what was said is what then happens."""
import collections
import datetime
import json
import os
import shutil

import pytest

from house import nurturectl, stamp

POLICY = """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: America/New_York
  send: [ mon-fri 08:00-20:00 ]
  at_most: [ 1 per day ]
"""
DICTIONARY = """\
events: { a.b: {}, c.d: {}, x.y: {} }
---
fields: { seats: number }
"""
SALES = """\
sales:
  ready: [ { on: x.y, reason: asked } ]
  reps:
    %s
    bob: { email: bob@example.org, time_zone: UTC, hours: daily 00:00-24:00 }
  teams: { all: { reps: [ %s ], manager: bob, turn: round_robin } }
  route: [ { to: team all } ]
  tell: [ email: new-lead ]
  accept_within: 2 days
  then: [ next_rep, manager ]
"""
ANNA = "anna: { email: anna@example.org, time_zone: UTC, hours: daily 00:00-24:00, open_at_most: 3 }"
OLD = {"policy.yaml": POLICY, "dictionary.yaml": DICTIONARY, "sales.yaml": SALES % (ANNA, "anna, bob"), "nurture.yaml": """\
campaign: nurture
enter: { on: a.b }
exit: { on: c.d }
steps:
  - email: one
  - wait: 2 days
  - email: two
  - wait: 3 days
  - tag: seen
  - wait: 1 day
  - email: three
""", "old.yaml": """\
campaign: old
enter: { on: a.b }
steps: [ wait: 11 days, email: old ]
"""}
NEW = {"policy.yaml": POLICY, "dictionary.yaml": DICTIONARY, "sales.yaml": SALES % ("", "bob"), "nurture.yaml": """\
campaign: nurture
enter: { on: a.b }
exit: { on: c.d }
steps:
  - email: one
  - { id: wait-1, wait: 36 hours }
  - { email: two, unless: seats > 20 }
  - { id: wait-2, wait: 4 days }
  - email: three
""", "big.yaml": """\
campaign: big
enter: { when: seats > 10, existing: enter }
steps: [ wait: 1 hour, email: big, wait: 3 days, email: bigger ]
"""}
TEMPLATES = {name + "/email.md": "---\nsubject: %s\n---\nHello.\n" % name
             for name in ("one", "two", "three", "old", "big", "bigger", "new-lead")}
LEADS = 40


@pytest.fixture
def place(build_house):
    house = build_house(rules=OLD, templates=TEMPLATES, channels={"email": {"type": "spool", "path": "mails"}},
                        start="2026-03-02T14:00:00Z").start()
    house.write_all(NEW, "next")
    for i in range(LEADS):
        if i % 5 == 0:
            house.forward(hours=7)
        house.put_lead("l%02d" % i, email="l%02d@example.org" % i, seats=i)
        house.event("l%02d" % i, "a.b")
        if i % 6 == 1:
            house.event("l%02d" % i, "x.y")
    house.forward(hours=90)
    return house


def plan(house, folder="next", *arguments, code=0):
    done = nurturectl("plan", "--config", house.config_path, "--at", stamp(house.now), "--output", house.path("plan.json"),
                      *arguments, house.path(folder))
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def planned(house, folder="next"):
    return json.loads(plan(house, folder, "--json").stdout)


def apply(house, code=0):
    done = nurturectl("apply", "--socket", house.path("control.sock"), house.path("plan.json"))
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def replace_rules(house, files):
    shutil.rmtree(house.rules)
    house.write_all(files, "rules")


def places(house):
    """Who is at which step of which campaign, by the daemon."""
    found = collections.Counter()
    for i in range(LEADS):
        for campaign in house.get("/v1/leads/l%02d" % i)["campaigns"]:
            if campaign["state"] == "inside":
                found[(campaign["campaign"], campaign["step"])] += 1
    return found


def said_places(said):
    found = collections.Counter()
    for move in said["moves"]:
        if move["kind"] != "leaves":
            found[(move["campaign"], move["to"])] += move["leads"]
    return found


def sent_since(house, start):
    found = collections.Counter()
    for row in house.outbox("accepted"):
        if row["released"] >= stamp(start):
            found[(row.get("campaign", ""), row["template"], "rep" in row)] += 1
    return found


def said_sent(said, span, rules="new"):
    return collections.Counter({(s["campaign"], s["template"], s["to_reps"]): s[span][rules] for s in said["sent"]
                                if s[span][rules]})


def test_what_is_planned_is_what_happens(place):
    said = planned(place)
    assert said["leads"] == LEADS and said["demands"] == []
    assert {c["campaign"]: c["change"] for c in said["campaigns"]} == {"big": "added", "nurture": "changed", "old": "removed"}
    assert any(move["kind"] == "moves" for move in said["moves"])
    assert any(offer["from_rep"] == "anna" != offer["to_rep"] for offer in said["offers"])
    before = places(place)
    assert sum(before.values()) == sum(m["leads"] for m in said["moves"] if m["kind"] != "enters")
    assert planned(place) == said, "nothing has changed, nor has the plan"
    replace_rules(place, NEW)
    assert "loaded as planned" in apply(place).stdout
    place.quiet()
    start = place.now
    assert places(place) == said_places(said)
    place.advance(start + datetime.timedelta(days=1))
    place.quiet()
    assert sent_since(place, start) == said_sent(said, "day")
    place.advance(start + datetime.timedelta(days=7))
    place.quiet()
    assert sent_since(place, start) == said_sent(said, "week")


SPRING = """\
campaign: spring
enter: { at: %s 10:00, if: seats > 20 }
steps: [ email: one ]
---
announcements:
  - { campaign: spring, tell: team all, before: 2 days, message: new-lead }
  - { campaign: spring, tell: rep bob, before: 10 days, message: two }
"""


def test_what_reps_are_told_of_broadcasts(place):
    files = {**NEW, "spring.yaml": SPRING % (place.now + datetime.timedelta(days=6)).date()}
    place.write_all(files, "more")
    said = planned(place, "more")
    assert [(a["campaign"], a["message"], a["change"]) for a in said["announcements"]] == \
        [("spring", "new-lead", "added"), ("spring", "two", "added")]
    assert [(t["template"], t["rep"], t["day"], t["leads"]) for t in said["told"]] == \
        [("two", "bob", True, LEADS - 21), ("new-lead", "bob", False, LEADS - 21)]
    replace_rules(place, files)
    apply(place)
    place.advance(place.now + datetime.timedelta(days=7))
    place.quiet()
    assert sorted((t["at"], t["template"], t["rep"]) for t in said["told"] if t["new"]) == \
        sorted((r["released"], r["template"], r["rep"]) for r in place.outbox("accepted") if r["step"] == "announcement")


def test_texts_that_only_reps_read(place):
    place.write_all(OLD, "more")
    assert "Nothing changes" in plan(place, "more").stdout
    place.write("more/templates/new-lead/email.md", "---\nsubject: Somebody new\n---\nHello.\n")
    text = plan(place, "more").stdout
    assert "Nothing changes" not in text and "  ~ another text in " in text and "more/templates/new-lead/email.md\n" in text


def test_the_present_rules_forecast_too(place):
    said = planned(place)
    start = place.now
    place.advance(start + datetime.timedelta(days=7))
    place.quiet()
    assert sent_since(place, start) == said_sent(said, "week", "present")


def test_a_plan_of_changed_files_is_refused(place):
    plan(place)
    program = place.status()["program"]
    assert "holds something else: bring those files there" in apply(place, 1).stderr
    replace_rules(place, NEW)
    place.write("rules/nurture.yaml", NEW["nurture.yaml"].replace("36 hours", "37 hours"))
    assert "holds something else" in apply(place, 1).stderr
    assert place.status()["program"] == program
    plan(place, "rules")
    place.write("templates/two/email.md", "---\nsubject: another two\n---\nHello.\n")
    assert "isn't what was planned: plan anew" in apply(place, 1).stderr
    assert place.status()["program"] == program
    plan(place, "rules")
    apply(place)
    place.quiet()
    assert place.status()["program"] != program


def test_a_plan_after_another_load_is_refused(place):
    plan(place)
    replace_rules(place, NEW)
    place.control("POST", "reload")
    place.quiet()
    assert "has loaded other rules since the plan was made: plan anew" in apply(place, 1).stderr
    place.forward(minutes=1)
    replace_rules(place, OLD)
    place.control("POST", "reload")
    place.quiet()
    replace_rules(place, NEW)
    assert "has loaded other rules since" in apply(place, 1).stderr, "the same rules as then, but loaded anew"
    plan(place)
    apply(place)


def test_a_changed_configuration_is_refused(place):
    plan(place)
    replace_rules(place, NEW)
    place.settings["stop_within"] = "11 seconds"
    place.write_config()
    assert "the configuration has changed since the daemon read it" in apply(place, 1).stderr
    place.control("POST", "reload")
    place.quiet()


def test_equal_steps_need_ids(place):
    text = OLD["nurture.yaml"].replace("  - wait: 2 days\n", "  - wait: 1 hour\n  - tag: early\n  - wait: 2 days\n")
    place.write_all({**OLD, "nurture.yaml": text}, "more")
    done = plan(place, "more", code=1)
    assert "more/nurture.yaml:6:5: error: 4 steps are equal here where 3 were, and" in done.stdout
    assert "Add 'id:' on lines 6, 8, 10 and 12" in done.stdout and "'id: wait-1' (line 6 then)" in done.stdout
    assert not os.path.exists(place.path("plan.json"))
    text = OLD["nurture.yaml"].replace("  - wait: 2 days\n", "  - { id: pause, wait: 1 hour }\n  - tag: early\n  - wait: 2 days\n")
    place.write_all({**OLD, "nurture.yaml": text}, "more")
    assert "demands" in json.loads(plan(place, "more", "--json").stdout)


def test_plan_touches_nothing(place):
    before = place.status()
    text = plan(place, "next", "--picture", place.path("plan.dot")).stdout
    assert "- old is removed" in text and "~ nurture changes" in text and "wait: 2 days → 1 day 12 hours" not in text
    with open(place.path("plan.dot"), encoding="utf-8") as f:
        assert "digraph" in f.read()
    after = place.status()
    assert {key: after[key] for key in ("program", "steps", "commits", "last_instant")} == \
        {key: before[key] for key in ("program", "steps", "commits", "last_instant")}


def test_graph_counts_live_leads(place):
    done = nurturectl("graph", "--config", place.config_path, "--live", "--format", "dot", "nurture", place.rules)
    assert done.returncode == 0, done.stderr
    for (campaign, step), n in places(place).items():
        if campaign == "nurture" and step is not None:
            assert "%d here" % n in done.stdout
    assert "%d ever entered" % LEADS in done.stdout


@pytest.mark.parametrize("text, why", [
    ("", "it is no plan: "), ("{", "it is no plan: "), ("[]", "it is no plan of nurturectl plan"),
    ('{"format": "nurtured plan", "version": 2}', "another version of nurturectl wrote it"),
    ('{"format": "nurtured plan", "version": 1, "base": {}}', "it is damaged"),
    ('{"format": "nurtured plan", "version": 1, "base": {"program": "%s", "loaded": "soon"}, "rules": {"content": "%s", '
     '"folder": "x"}, "demands": []}' % ("a" * 64, "b" * 64), "it is damaged"),
    ('{"format": "nurtured plan", "version": 1, "base": {"program": "%s", "loaded": "2026-03-02T14:00:00Z"}, "rules": '
     '{"content": "%s", "folder": "x"}, "demands": [{}]}' % ("a" * 64, "b" * 64), "some steps need ids first"),
])
def test_what_is_no_plan(place_of_a_file, text, why):
    path = place_of_a_file(text)
    done = nurturectl("apply", path)
    assert done.returncode == 1 and why in done.stderr, (done.stdout, done.stderr)


@pytest.fixture
def place_of_a_file(tmp_path):
    def write(text):
        path = tmp_path / "plan.json"
        path.write_text(text, encoding="utf-8")
        return str(path)
    return write
