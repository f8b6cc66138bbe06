"""nurturectl lead show: where a lead is, what waits for what until when, and every message with its outcome."""
import re

import pytest

from house import nurturectl
from sinks import id_of
from volume import email_channel

RULES = """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: America/New_York
  send: [ mon-fri 09:00-17:00 ]
  at_most: [ 1 per day ]
---
fields: { company_size: number, born_on: date }
events: { guide.downloaded: {}, pricing.viewed: {} }
---
scoring:
  fit: [ { if: company_size >= 50, points: 20 } ]
  engagement: [ { on: guide.downloaded, points: 5 } ]
  levels: { cold: 0, warm: 20 }
---
campaign: nurture
enter: { on: guide.downloaded }
steps:
  - email: welcome
  - sms: hello
  - wait_for: pricing.viewed
    up_to: 3 days
  - email: offer
---
campaign: second
enter: { on: guide.downloaded }
priority: 2
steps:
  - email: offer
---
campaign: birthday
enter: { date: born_on, every: year, time: 09:00 }
steps: [ email: offer ]
---
campaign: spring
enter: { at: 2099-05-04 09:00 }
steps: [ email: offer ]
---
campaign: short
enter: { on: guide.downloaded }
goal: { on: pricing.viewed }
steps:
  - wait_until: company_size == 1000
"""
TEMPLATES = {
    "welcome/email.md": "---\nsubject: Welcome\n---\nHello.\n", "offer/email.md": "---\nsubject: Offer\n---\nHello.\n",
    "hello/sms.txt": "Hi\n",
}


@pytest.fixture
def place(build_house, sink):
    place = build_house(rules={"all.yaml": RULES}, templates=TEMPLATES,
                        channels=dict(email_channel(sink, 1), sms={"type": "spool", "path": "texts"})).start()
    place.put_lead("ann", email="ann@customer.example", company_size=80, born_on="1980-02-29")
    place.event("ann", "guide.downloaded")
    place.quiet()
    return place


def show(place):
    done = nurturectl("lead", "show", "ann", "--socket", place.path("control.sock"))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_on_one_screen(place, sink):
    text = show(place)
    assert "score 25, warm (fit 20, engagement 5)\n  +20     company_size >= 50\n  +5      guide.downloaded, last" in text
    assert ("  nurture, entered Mon 2026-03-02 09:00 EST by guide.downloaded\n"
            "    wait_for-1: wait for pricing.viewed, until Thu 2026-03-05 09:00 EST\n") in re.sub(" up to 3 days", "", text)
    assert ("    email-offer-1: email offer (held: the lead has had as many as 'at_most' allows), "
            "next try Tue 2026-03-03 09:00 EST\n") in text
    assert "    wait_until-1: wait until company_size == 1000\n" in text
    assert ("messages\n"
            "  Mon 2026-03-02 09:00 EST  sms-hello-1 (nurture): skipped, no consent for sms\n"
            "  Mon 2026-03-02 09:00 EST  email welcome (nurture): sent") in text
    assert ("to come\n"
            "  Sun 2027-02-28 09:00 EST  birthday (at born_on at 09:00, every 1 year)\n"
            "  Mon 2099-05-04 09:00 EDT  spring (at 2099-05-04 09:00 of each lead's zone)\n") in text
    assert len(text.splitlines()) < 27 and max(map(len, text.splitlines())) < 132


def test_what_became_of_messages_and_campaigns(place, sink):
    (mail,) = sink.received
    place.forward(minutes=30)
    answer = place.api("POST", "/v1/outcomes", {"message": id_of(mail.message), "outcome": "opened"})
    assert answer.status == 200
    place.event("ann", "pricing.viewed")
    place.quiet()
    text = show(place)
    assert re.search(r"email welcome \(nurture\): sent.*, opened Mon 2026-03-02 09:30 EST\n", text)
    assert "campaigns before\n  short, entered Mon 2026-03-02 09:00 EST, reached its goal Mon 2026-03-02 09:30 EST\n" in text
    lead = place.get("/v1/leads/ann")
    assert [(t["campaign"], t["at"]) for t in lead["to_come"]] == [("birthday", "2027-02-28T14:00:00Z"),
                                                                   ("spring", "2099-05-04T13:00:00Z")]
    (welcome,) = [m for m in lead["messages"] if m["template"] == "welcome"]
    assert [o["what"] for o in welcome["outcomes"]] == ["message.sent", "message.opened"]
    assert welcome["id"] == id_of(mail.message)
    assert [c.get("held") for c in lead["campaigns"] if c["campaign"] == "second"] == [
        "the lead has had as many as 'at_most' allows"]
