"""Dates and broadcasts through the daemon: each lead at its own time and once, whatever is loaded and restarted; a month of
idle leads costs nothing."""
from house import until
from volume import email_channel

HEAD = """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: America/New_York
fields: { renews_on: date }
---
"""
RENEWAL = """\
campaign: renewal
enter: { date: renews_on, before: 30 days, time: 09:00 }
steps: [ email: renewal ]
---
"""
SPRING = """\
campaign: spring
enter: { at: 2026-05-04 09:00 }
again: always
steps: [ email: spring ]
"""
TEMPLATES = {"renewal/email.md": "---\nsubject: renewal\n---\nHello.\n", "spring/email.md": "---\nsubject: spring\n---\nHello.\n"}
ZONES = {"ann": "Asia/Tokyo", "bob": "Europe/Berlin", "cem": "America/New_York", "dee": "Etc/GMT+12"}


def reload(house, text):
    house.write("rules/all.yaml", text)
    before = house.log().count("rules loaded")
    house.control("POST", "reload")
    until(lambda: house.log().count("rules loaded") > before, 15, "the reload")
    house.quiet()


def change(house, lead, **fields):
    answer = house.api("PATCH", "/v1/leads/" + lead, fields)
    assert answer.status == 200, answer


def received(sink):
    return sorted((mail.message["To"].split("@")[0], mail.message["Subject"]) for mail in sink.received)


def test_each_at_its_own_time_and_once(build_house, sink):
    house = build_house(rules={"all.yaml": HEAD + RENEWAL}, templates=TEMPLATES, channels=email_channel(sink, 1)).start()
    for lead, zone in ZONES.items():
        house.put_lead(lead, email=lead + "@customer.example", time_zone=zone)
    house.advance("2026-05-04T03:00:00Z")
    reload(house, HEAD + RENEWAL + SPRING)          # Tokyo's nine o'clock was at 00:00Z
    house.advance("2026-05-04T06:59:00Z")
    assert received(sink) == []
    assert house.stop() == 0
    house.start()
    house.advance("2026-05-04T07:00:00Z")
    assert received(sink) == [("bob", "spring")]
    change(house, "bob", time_zone="Pacific/Honolulu")          # where it is still to come
    change(house, "dee", time_zone="Pacific/Kiritimati")        # where it has been
    house.quiet()
    assert received(sink) == [("bob", "spring"), ("dee", "spring")]
    house.kill()
    house.start()
    house.advance("2026-05-06T00:00:00Z")
    assert received(sink) == [("bob", "spring"), ("cem", "spring"), ("dee", "spring")]
    change(house, "ann", renews_on="2026-06-20")
    change(house, "cem", renews_on="2026-06-01")                # thirty days before have passed
    house.advance("2026-06-30T00:00:00Z")
    assert received(sink) == [("ann", "renewal"), ("bob", "spring"), ("cem", "spring"), ("dee", "spring")]


def test_a_month_without_events_costs_no_step(build_house, sink):
    house = build_house(rules={"all.yaml": HEAD + RENEWAL + SPRING}, templates=TEMPLATES, channels=email_channel(sink, 1)).start()
    for lead, zone in ZONES.items():
        house.put_lead(lead, email=lead + "@customer.example", time_zone=zone, renews_on="2026-09-01")
    before = house.quiet()
    after = house.forward(days=30)
    assert (after["steps"], after["evaluations"]) == (before["steps"], before["evaluations"])
    assert "nurtured_evaluations_total %d\n" % after["evaluations"] in house.api("GET", "/metrics").text
