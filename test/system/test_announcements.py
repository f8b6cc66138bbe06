"""Announcements with the real daemon: told once, through reloads, edits and kill -9; the feed that calendar programs read."""
import html
import re

import pytest

from house import nurturectl
from sinks import PostfixSink
from volume import email_channel

POLICY = """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: Europe/Berlin
---
sales:
  reps:
    anna: { name: Anna Berg, email: anna@example.org, time_zone: Europe/Berlin }
    bob:  { name: Bob, email: bob@example.org, time_zone: America/New_York }
  teams: { all: { reps: [ anna, bob ] } }
"""
SPRING = """\
campaign: spring
title: "Spring; offer,\\r\\nEND:VEVENT 20 %% \\\\ off – für alle, die es wissen wollen"
enter: { at: %s, if: 'country == "DE"' }
steps: [ email: offer ]
---
announcements:
  - { campaign: spring, tell: team all, before: %s, message: briefing }
"""
TEMPLATES = {
    "offer/email.md": "---\nsubject: 'For {{ first_name }}: 20 % off'\n---\nHello\n",
    "briefing/email.md": "---\nsubject: 'It goes out {{ announcement.when }}'\n---\nTo {{ announcement.to_whom }}:\n\n"
                         "{% for m in announcement.messages %}- {{ m.channel }} {{ m.subject }}\n{% endfor %}\n"
                         "[Calendar]({{ calendar_url }})\n",
}


@pytest.fixture
def sink(tmp_path, ending):
    return ending(PostfixSink(tmp_path / "mail"))


@pytest.fixture
def office(build_house, sink):
    house = build_house(rules={"all.yaml": POLICY, "spring.yaml": SPRING % ("2026-03-10 10:00", "3 days")}, templates=TEMPLATES,
                        channels=email_channel(sink, 1), start="2026-03-02T14:00:00Z").start()
    house.put_lead("petra", first_name="Petra", email="petra@example.net", country="DE", time_zone="Europe/Berlin")
    return house


def told(sink):
    """(who, subject) in order of arrival."""
    return sorted((mail["To"].addresses[0].addr_spec.split("@")[0], mail["Subject"]) for mail in sink.messages()
                  if mail["Subject"].startswith("It goes out"))


def reload_rules(house, at, before):
    house.write("rules/spring.yaml", SPRING % (at, before))
    assert nurturectl("reload", "--socket", house.path("control.sock")).returncode == 0
    house.quiet()


def events_of(text):
    """RFC 5545, read anew: a list of {name: value} of the events."""
    assert text.endswith("\r\n") and not re.search(r"(?<!\r)\n|\r(?!\n)", text)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    lines, events = text.replace("\r\n ", "").split("\r\n")[:-1], []
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    for line in lines:
        name, value = line.split(":", 1)
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events and name != "END":
            assert name not in events[-1]
            events[-1][name] = re.sub(r"\\(.)", lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT\r\n") == len(events)
    return events


ONCE = [("anna", "It goes out Tue 2026-03-10 10:00 in each lead's own time zone"),
        ("bob", "It goes out Tue 2026-03-10 10:00 in each lead's own time zone")]


def test_each_rep_is_told_once(office, sink):
    office.advance("2026-03-06T19:59:00Z")                 # first lead: 03-09 20:00 UTC, in Kiritimati
    assert told(sink) == []
    office.advance("2026-03-06T20:30:00Z")                 # three days before, by Berlin's clock
    assert [who for who, _ in told(sink)] == ["anna"]
    office.kill()
    office.start()
    office.advance("2026-03-06T21:30:00Z")                 # and by New York's, where the clocks change that weekend
    assert told(sink) == ONCE
    reload_rules(office, "2026-03-10 10:00", "2 days")
    office.kill()
    office.start()
    office.advance("2026-03-08T12:00:00Z")
    assert told(sink) == ONCE
    reload_rules(office, "2026-03-11 10:00", "3 days")      # another day: that is news
    moved = [(who, subject.replace("Tue 2026-03-10", "Wed 2026-03-11")) for who, subject in ONCE]
    assert told(sink) == sorted(ONCE + moved)
    office.advance("2026-03-12T12:00:00Z")
    assert len(told(sink)) == 4
    assert [mail["Subject"] for mail in sink.messages() if "petra" in str(mail["To"])] == ["For Petra: 20 % off"]
    assert all(row["lead"] == "" and row["campaign"] == "spring" for row in office.outbox("accepted") if "rep" in row)


def test_the_feed(office, sink):
    office.advance("2026-03-06T21:30:00Z")
    mail = next(mail for mail in sink.messages() if "anna" in str(mail["To"]))
    body = mail.get_body(("html",)).get_content()
    assert "email For {{ first_name }}: 20 % off" in html.unescape(re.sub(r"<[^>]+>", "", body))
    url = html.unescape(re.search(r'href="([^"]+/calendar/[^"]+\.ics)"', body).group(1))
    answer = office.page("GET", url)
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    event, = events_of(answer.text)                         # they have been told: what is to come is the broadcast
    assert event["SUMMARY"] == "Spring; offer, \nEND:VEVENT 20 % \\ off – für alle, die es wissen wollen"
    assert event["DTSTART"] == "20260310T100000"
    assert 'To: country == "DE"' in event["DESCRIPTION"]
    office.kill()
    office.start()
    office.forward(hours=1)
    again, = events_of(office.page("GET", url).text)
    assert again["UID"] == event["UID"] and again["DTSTAMP"] != event["DTSTAMP"]
    damaged = url.replace("/calendar/", "/calendar/A")
    assert office.page("GET", damaged).status == 404
    shown = nurturectl("calendar", "--socket", office.path("control.sock"), "--rep", "anna")
    assert shown.returncode == 0 and url in shown.stdout and "Tue 2026-03-10 10:00 in each lead's own time zone" in shown.stdout
    assert nurturectl("calendar", "--socket", office.path("control.sock"), "--rep", "ann").returncode == 1
    office.write("rules/all.yaml", POLICY.replace("anna,", "").replace("    anna:", "    dora:"))
    assert nurturectl("reload", "--socket", office.path("control.sock")).returncode == 0
    office.quiet()
    assert office.page("GET", url).status == 410
