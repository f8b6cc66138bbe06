"""A run of simulate equals the same run through the daemon, to the message and the millisecond: with a rule set of its own beside
the examples (which test_main_job.py plays through real servers). All channels are folders, which take a message at once."""
import datetime
import json
import random
import shutil

import pytest

from house import QUICK, instant, nurturectl, stamp

START = instant("2026-03-02T13:00:00Z")
MIDDLE = instant("2026-03-24T13:00:00Z")
END = instant("2026-05-20T13:00:00Z")
N_LEADS = 16 if QUICK else 40
ZONES = ["America/New_York", "Australia/Lord_Howe", "Europe/Berlin", "Pacific/Apia", "Asia/Kolkata", ""]

RULES = """policy:
  sender: { name: Ada, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: America/New_York
  send: [ mon-fri 08:00-20:00, sat 10:00-16:00 ]
  at_most: [ 1 per day, 3 per week ]
  holidays: [ 2026-03-09, 2026-04-03 ]
  consent: { email: opt_out, sms: opt_in, letter: opt_out }
---
fields: { seats: number, ends: date }
events:
  site.visited: { page: text, seconds: number }
  order.placed: { order: text, amount: number }
  order.paid: { order: text }
  demo.asked: {}
segments:
  busy: count("site.visited", 3 days) >= 3
  away: since(last("site.visited")) > 9 days
---
scoring:
  half_life: 6 days
  fit: [ { if: seats >= 20, points: 10 } ]
  engagement:
    - { on: site.visited, points: "= event.seconds / 20", at_most: 40 per week }
    - { on: order.placed, points: 15 }
  levels: { cold: 0, warm: 20, hot: 45 }
---
sales:
  ready:
    - { when: score >= 45, unless: stage == "customer", reason: score }
    - { on: demo.asked, reason: asked, accept_within: 20 minutes }
  again: after 10 days
  reps:
    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30, open_at_most: 6 }
    cem: { email: cem@example.org, time_zone: Europe/Berlin, hours: mon-fri 08:00-16:00, away: [ 2026-03-16..2026-03-18 ] }
    bob: { email: bob@example.org, time_zone: America/New_York, hours: mon-fri 09:00-17:00 }
  teams:
    dach: { reps: [ anna, cem ], manager: bob, turn: round_robin }
  route: [ { if: owner != none, to: owner }, { to: team dach } ]
  tell: [ email: new-lead ]
  then: [ next_rep, manager ]
---
campaign: visitors
priority: 3
enter: { on: site.visited, if: event.seconds > 30 }
again: after 20 days
goal: { on: order.placed, do: [ tag: bought ] }
pause: in_segment("busy")
steps:
  - email: m1
  - wait: 2 days 3 hours
  - first_of: [ sms: m2, email: m2 ]
    unless: did("order.placed", 10 days)
  - wait_for: site.visited
    if: event.page == "prices"
    up_to: 4 days
    then: [ email: m3, points: 5 ]
    else: [ letter: m4 ]
  - split:
      - { share: 40%, steps: [ email: m4 ] }
      - { share: 20%, hold_out: true }
      - { share: 40%, steps: [ wait_until: monday 09:00, email: m5 ] }
  - choose:
      - { if: score >= 30, steps: [ hand_off: warm visitor ] }
      - { if: seats > 10, steps: [ tag: big, { task: call, due: 2 days } ] }
      - { otherwise: [ tag: small ] }
  - email: m3
    give_up_after: 2 days
---
campaign: order
enter: { on: order.placed }
per: event.order
exit: { on: order.paid }
steps:
  - { task: call, due: 30 hours, unless: seats > 20 }
  - email: m2
    kind: service
  - wait: 36 hours
  - email: m5
    with: { order: "= entry.order" }
  - wait: 1 week
  - assign: by_route
---
campaign: ending
enter: { when: until(ends) < 20 days }
again: always
steps:
  - schedule:
      - { before: 2 weeks, of: ends, time: 09:00, steps: [ email: m1 ] }
      - { before: 3 days, of: ends, steps: [ sms: m1, wait: 1 day, email: m4 ] }
      - { of: ends, time: 02:30, late: send, steps: [ tag: ended ] }
---
campaign: back
priority: 8
enter: { when: in_segment("away") }
again: after 1 month
steps: [ email: m5, wait_until: 'did("site.visited", 1 day)', untag: small ]
---
campaign: news
enter: { at: 2026-03-10 10:00, every: 2 weeks, if: seats > 2 }
steps: [ email: m3, { task: call, due: 5 hours } ]
---
announcements:
  - { campaign: news, tell: team dach, before: 3 days, message: news }
  - { campaign: news, tell: rep bob, before: 1 day, message: news }
"""
TEMPLATES = {"%s/%s" % (name, file): text for name in ("m1", "m2", "m3", "m4", "m5", "new-lead", "news", "call") for file, text in (
    ("email.md", "---\nsubject: Hello\n---\nHello {{ first_name | default: \"you\" }}\n"),
    ("sms.txt", "Hello. STOP to end\n"), ("letter.html", "<p>Hello</p>\n"))}


def make(chance):
    """Fields and events. Odd milliseconds: nothing of a lead's falls into the very instant of something else of its own."""
    leads, events = [], []
    for i in range(N_LEADS):
        lead = {"id": "lead-%02d" % i, "email": "l%d@customer.example" % i, "first_name": "Nr %d" % i,
                "phone": "+1202555%04d" % (100 + i), "postal_address": "%d Mill Lane" % i, "time_zone": ZONES[i % len(ZONES)],
                "seats": chance.choice(["", "3", "25"]), "ends": chance.choice(["", "2026-03-%02d" % chance.randint(8, 30)])}
        leads.append(lead)
        for k in range(chance.randint(3, 14)):
            at = START + datetime.timedelta(days=chance.randint(0, 60), milliseconds=chance.randint(1, 80_000_000))
            name, properties = chance.choice([
                ("site.visited", {"page": chance.choice(["home", "prices"]), "seconds": chance.randint(5, 900)}),
                ("site.visited", {"page": "home", "seconds": 100}),
                ("order.placed", {"order": "o%d" % chance.randint(1, 3), "amount": 20}),
                ("order.paid", {"order": "o%d" % chance.randint(1, 3)}), ("demo.asked", {})])
            event = {"id": "e%d-%d" % (i, k), "lead": lead["id"], "event": name, "at": stamp(at), "properties": properties}
            if chance.random() < .2:
                event["consent"] = {"sms": True}
            events.append(event)
    return leads, sorted(events, key=lambda event: event["at"])


def write(house, leads, events):
    house.write("leads.csv", "\n".join([",".join(leads[0]), *(",".join(lead.values()) for lead in leads)]) + "\n")
    house.write("events.ndjson", "".join(json.dumps(event) + "\n" for event in events))


def foretold(house, *options):
    """{(lead, channel, template, to, released)} of all that goes out, and the totals."""
    run = nurturectl("simulate", "--config", house.config_path, "--until", stamp(END), "--json", *options, house.rules)
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    messages = [(line["id"], line["lead"], line["channel"], line["template"], line["to"], instant(line["at"]))
                for line in lines[:-1] if "id" in line and line["what"] in ("message.released", "rep.told")]
    assert len(messages) == len(set(messages))
    return set(messages), lines[-1]["totals"]


def sent(house):
    return {(row["id"], row["lead"], row["channel"], row["template"], row["to"], instant(row["released"]))
            for row in house.outbox("accepted")}


def play(house, events, until):
    for event in events:
        house.advance(event["at"])
        answer = house.api("POST", "/v1/events", event, token="events").json
        assert answer["stored"] == 1, answer
    house.advance(until, seconds=240)


@pytest.fixture
def house(build_house):
    return build_house(rules={"rules.yaml": RULES}, templates=TEMPLATES, start=stamp(START),
                       channels={name: {"type": "spool", "path": name} for name in ("email", "sms", "letter")})


def test_a_simulation_equals_the_daemon(house):
    leads, events = make(random.Random(4))
    write(house, leads, events)
    expected, totals = foretold(house, "--leads", house.path("leads.csv"), "--events", house.path("events.ndjson"),
                                "--start", stamp(START))
    house.start()
    for lead in leads:
        house.put_lead(lead["id"], **{name: int(value) if name == "seats" else value
                                      for name, value in lead.items() if name != "id" and value != ""})
    play(house, events, END)
    assert sent(house) == expected
    assert {"news", "call"} <= {message[3] for message in expected}
    assert len(expected) > 3 * N_LEADS and {message[2] for message in expected} == {"email", "sms", "letter"}
    assert sum(totals["sent"].values()) + sum(rep["told"] for rep in totals["reps"]) == len(expected)


def test_a_copy_of_the_live_store_is_gone_on_with(house):
    leads, events = make(random.Random(5))
    first, rest = [[event for event in events if (instant(event["at"]) < MIDDLE) == early] for early in (True, False)]
    house.start()
    for lead in leads:
        house.put_lead(lead["id"], **{name: int(value) if name == "seats" else value
                                      for name, value in lead.items() if name != "id" and value != ""})
    play(house, first, MIDDLE)
    before = sent(house)
    write(house, leads, rest)
    expected, totals = foretold(house, "--live", "--events", house.path("events.ndjson"))
    assert totals["leads"] == len(leads) and totals["from"] == stamp(MIDDLE)
    assert any(campaign.get("inside_before") for campaign in totals["campaigns"])
    copy = shutil.copytree(house.path("."), house.path("..", "copy"), ignore=shutil.ignore_patterns("*.sock"))
    assert foretold(house, "--store", str(copy) + "/store.db", "--events", house.path("events.ndjson"))[0] == expected
    assert sent(house) == before
    play(house, rest, END)
    assert sent(house) - before == expected
    assert len(expected) > N_LEADS
