"""What a marketer sees before any lead does: previews, and a test mail to oneself."""
import json
import pathlib
import re

import pytest

from house import free_port, nurturectl
from volume import email_channel

RULES = """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: UTC
---
fields: { amount: number }
events:
  order.placed: { total: number }
---
campaign: letters
enter: { on: order.placed }
steps:
  - email: letter
    with: { twice: "= amount * 2" }
  - sms: letter
"""
TEMPLATES = {
    "letter/email.md": "---\nsubject: For {{ first_name }}\n---\nHello {{ first_name }}, twice is {{ twice }}, "
                       "{{ event.total | default: 'no' }} total, {{ note }}.\n",
    "letter/email.de.md": "---\nsubject: Für {{ first_name }}\n---\nGuten Tag {{ first_name }}.\n",
    "letter/sms.txt": "Hi {{ first_name }}!\n",
}


@pytest.fixture
def place(build_house, sink):
    channels = dict(email_channel(sink, 1), sms={"type": "spool", "path": "texts"})
    return build_house(rules={"all.yaml": RULES}, templates=TEMPLATES, channels=channels)


def preview(place, *arguments):
    return nurturectl("preview", "--config", place.config_path, *arguments)


def shown(place, *arguments):
    done = preview(place, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_channel_and_locale(place):
    done = preview(place, place.path("rules"), "letter", "amount=1")
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("letter, ")] == [
        "letter, email, without a locale", "letter, email, de", "letter, sms, without a locale"]
    assert "Subject: Für Ann" in done.stdout and "Hi Ann!" in done.stdout
    assert ["note has no value here" in line for line in done.stderr.splitlines()] == [True]


def test_values_come_from_fields_steps_and_the_command_line(place):
    (mail,) = shown(place, "--channel", "email", "--locale", "en", place.path("rules"), "letter", "amount=21",
                    "event.total=7", "note=<b>bold</b>", "first_name=Zoë\r\nBcc: x")
    assert mail["subject"] == "For Zoë Bcc: x"
    assert "twice is 42, 7 total, " in mail["text"]
    assert "<b>bold</b>" not in mail["html"] and mail["missing"] == []
    assert "https://preview.invalid/u/" in mail["text"]
    (mail,) = shown(place, "--channel", "email", "--locale", "de-AT", place.path("rules"), "letter")
    assert mail["locale"] == "de" and mail["text"].startswith("Guten Tag Ann.")


def test_a_lead_of_the_store(place):
    place.start()
    place.put_lead("zoe", email="zoe@customer.example", first_name="Zoe", amount=4)
    done = nurturectl("preview", "--config", place.config_path, "--lead", "zoe", "--channel", "email", place.path("rules"), "letter")
    assert done.returncode == 0, done.stderr
    assert "To: Zoe <zoe@customer.example>" in done.stdout and "twice is 8" in done.stdout
    done = nurturectl("preview", "--config", place.config_path, "--lead", "nobody", place.path("rules"), "letter")
    assert done.returncode == 2 and "there is no lead 'nobody'" in done.stderr


def test_a_page_for_the_browser(place, tmp_path):
    page = tmp_path / "page.html"
    done = preview(place, "--page", str(page), place.path("rules"), "letter", "first_name=<script>alert(1)</script>")
    assert done.returncode == 0 and done.stdout == f"{page}: open it in a browser\n"
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert text.count("<iframe sandbox ") == 2 and len(re.findall("<h2>", text)) == 3


@pytest.mark.parametrize("arguments,code,said", [
    (["letter"], 2, "which template?"),
    (["RULES", "lettr"], 2, "there is no template 'lettr' (did you mean 'letter'?)"),
    (["--channel", "fax", "RULES", "letter"], 2, "template 'letter' has no text for fax"),
    (["RULES", "letter", "first_name"], 2, "'first_name' isn't NAME=VALUE"),
    (["RULES", "letter", "amount=much"], 2, "amount"),
    (["--html", "--json", "RULES", "letter"], 2, "one of --html, --json and --page"),
    (["nowhere", "letter"], 2, "nowhere"),
])
def test_what_cannot_be_shown(place, arguments, code, said):
    done = preview(place, *[place.path("rules") if a == "RULES" else a for a in arguments])
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def send(place, *arguments):
    return nurturectl("send-test", "--config", place.config_path, *arguments)


def test_a_mail_to_oneself_is_marked_and_touches_nobody(place, sink):
    place.start()
    place.put_lead("zoe", email="zoe@customer.example", first_name="Zoe", amount=4)
    done = send(place, "--to", "me@example.org", "--lead", "zoe", place.path("rules"), "letter")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("sent to me@example.org")
    (received,) = sink.received
    assert received.recipient == b"RCPT TO:<me@example.org>"
    assert received.message["Subject"] == "[Test] For Zoe" and received.message["X-Test-Message"] == "yes"
    link = re.search(r"<(https://\S+)>", str(received.message["List-Unsubscribe"])).group(1)
    assert link.startswith("https://preview.invalid/")
    assert all(place.outbox(state) == [] for state in ("released", "handed", "accepted"))
    assert place.get("/v1/leads/zoe")["campaigns"] == []


def test_a_text_to_oneself(place):
    done = send(place, "--channel", "sms", "--to", "+15550199", place.path("rules"), "letter")
    assert done.returncode == 0, done.stderr
    (sheet,) = pathlib.Path(place.path("texts", "new")).iterdir()
    assert sheet.read_text(encoding="utf-8").endswith("\n\n[Test] Hi Ann!\n")


@pytest.mark.parametrize("arguments,code,said", [
    (["RULES", "letter"], 2, "--to says who gets it"),
    (["--to", "me", "RULES", "letter"], 2, "'me' isn't an email address"),
    (["--to", "a@b.c", "--channel", "fax", "RULES", "letter"], 2, "has no text for fax"),
    (["--to", "a@b.c", "--channel", "webhook", "RULES", "letter"], 2, "preview shows what it says"),
])
def test_what_cannot_be_sent(place, arguments, code, said):
    done = send(place, *[place.path("rules") if a == "RULES" else a for a in arguments])
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_a_relay_that_is_away(place):
    place.settings["channels"]["email"]["port"] = free_port()
    place.write_config()
    done = send(place, "--to", "me@example.org", place.path("rules"), "letter")
    assert done.returncode == 1 and "not sent" in done.stderr


# ---- what goes to reps, and files ----

REPS = RULES + """\
  - tell: owner
    message: look
  - tell: manager
    message: look-yourself
  - tell: team north
    message: look-all
  - task: call
    due: 2 days
---
campaign: spring
title: Spring offer
enter: { at: 2026-12-01 10:00 }
steps:
  - email: offer
    attach: [ attachments/prices.txt, attachments/map.pdf ]
---
announcements: [ { campaign: spring, tell: team north, before: 3 days, message: briefing } ]
---
scoring:
  engagement:
    - { on: order.placed, points: 15 }
    - { on: email.opened, points: = 1 + 1 }
    - { on: email.clicked, points: 2 }
---
sales:
  ready: [ { when: score >= 100, reason: score } ]
  reps:
    anna: { name: Anna Berg, email: anna@example.org }
    cem:  { name: Cem, email: cem@example.org, phone: "+1 555 0123" }
    bob:  { name: Bob, email: bob@example.org }
  teams: { north: { reps: [ anna, cem ], manager: bob } }
  route: [ { to: team north } ]
  tell: [ email: offered ]
"""
TO_REPS = dict(TEMPLATES, **{
    "offer/email.md": "---\nsubject: Offer\n---\nHello.\n",
    "look/email.txt": "---\nsubject: Look\n---\n{{ rep.name }}, look at {{ lead.first_name }}: {{ occasion }}, {{ campaign }}\n",
    "look-yourself/email.txt": "---\nsubject: Look\n---\n{{ rep.name }}: {{ lead.first_name }}\n",
    "look-all/sms.txt": "{{ rep.name }}: {{ lead.first_name }} has {{ score }}\n",
    "call/email.txt": "---\nsubject: Call {{ lead.first_name }}\n---\n{{ rep.name }}: {{ task_url }}, {{ task.due | size }}\n",
    "call/sms.txt": "Call {{ lead.first_name }}: {{ task_url }}\n",
    "offered/email.txt": "---\nsubject: Yours\n---\n{{ rep.name }}: {{ lead.first_name }} has {{ score }}"
                         "{% for one in why %}; {{ one.points }} {{ one.reason }}{% endfor %}; {{ accept_url }}\n",
    "briefing/email.txt": "---\nsubject: Soon\n---\n{{ rep.name }}: {{ announcement.title }}, {{ announcement.when }}, "
                          "{{ announcement.messages[0].subject }}, {{ calendar_url }}\n",
})


@pytest.fixture
def sales(build_house, sink):
    house = build_house(rules={"all.yaml": REPS}, templates=TO_REPS, channels=dict(
        email_channel(sink, 1), sms={"type": "spool", "path": "texts"}))
    house.write("rules/attachments/prices.txt", "Scales from 200\n")
    house.write("rules/attachments/map.pdf", "%PDF-1.4\n" + "x" * 3000)
    return house


@pytest.mark.parametrize("template,to,said", [
    ("look", "anna@example.org", "Anna Berg, look at Ann: told, letters"),
    ("look-yourself", "bob@example.org", "Bob: Ann"),
    ("look-all", "+1 555 0123", "Cem: Ann has 17"),
    ("offered", "anna@example.org", "Anna Berg: Ann has 17; 15 order.placed; 2 email.clicked; https://preview.invalid/r/"),
])
def test_to_a_rep_about_a_lead(sales, template, to, said):
    (message,) = shown(sales, sales.path("rules"), template)
    assert (message["to"], message["written_to"], message["missing"]) == (to, "a rep, about an invented lead", [])
    assert message["text"].startswith(said) and message["attachments"] == []


def test_a_task_on_a_channel_that_it_does_not_go_by(sales):
    mail, text = shown(sales, sales.path("rules"), "call")
    assert mail["subject"] == "Call Ann" and mail["text"].startswith("Anna Berg: https://preview.invalid/t/")
    assert text["text"].startswith("Call Ann: https://preview.invalid/t/") and text["to"] == ""
    done = preview(sales, "--channel", "sms", sales.path("rules"), "call")
    assert "To: Anna Berg, for whom the rules have no address for sms\n" in done.stdout


def test_an_announcement(sales):
    (message,) = shown(sales, sales.path("rules"), "briefing")
    assert (message["rep"], message["written_to"]) == ("anna", "a rep, about a broadcast")
    assert re.sub(r"\s+", " ", message["text"]).startswith(
        "Anna Berg: Spring offer, Tue 2026-12-01 10:00 in each lead's own time zone, Offer, https://preview.invalid/")
    assert message["missing"] == []


def test_files_that_go_with_a_mail(sales, tmp_path):
    (message,) = shown(sales, sales.path("rules"), "offer")
    assert message["attachments"] == [{"name": "prices.txt", "type": "text/plain; charset=utf-8", "size": 16},
                                      {"name": "map.pdf", "type": "application/pdf", "size": 3009}]
    done = preview(sales, sales.path("rules"), "offer")
    assert "Attached: prices.txt (text/plain, 16 bytes)\nAttached: map.pdf (application/pdf, 2.9 KiB)\n" in done.stdout
    page = tmp_path / "page.html"
    assert preview(sales, "--page", str(page), sales.path("rules"), "offer").returncode == 0
    assert "<dt>Attached</dt><dd>map.pdf (application/pdf, 2.9 KiB)</dd>" in page.read_text(encoding="utf-8")


def test_a_test_to_oneself_brings_the_files(sales, sink):
    done = send(sales, "--to", "me@example.org", sales.path("rules"), "offer")
    assert done.returncode == 0, done.stderr
    assert [part.get_filename() for part in sink.received[0].message.iter_attachments()] == ["prices.txt", "map.pdf"]
