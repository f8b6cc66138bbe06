"""Tasks of reps with the real daemon: told by mail, done with one tap behind its link, through kill -9, and by nurturectl."""
import html
import json
import re

import pytest

from house import nurturectl
from sinks import PostfixSink
from volume import email_channel

RULES = """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: America/New_York
---
events:
  quote.asked: { number: text }
  order.placed: {}
  demo.requested: {}
---
sales:
  ready: [ { on: demo.requested, reason: asked for a demo } ]
  reps:
    anna: { name: Anna Berg, email: anna@example.org, time_zone: America/New_York, hours: mon-fri 09:00-17:00 }
    bob:  { name: Bob, email: bob@example.org, time_zone: America/New_York, hours: mon-fri 09:00-17:00 }
  teams: { dach: { reps: [ anna ], manager: bob } }
  route: [ { to: team dach } ]
  tell: [ email: new-lead ]
---
campaign: quotes
title: Quotes
enter: { on: quote.asked }
again: always
goal: { on: order.placed }
steps:
  - { task: call-back, due: 1 day }
  - wait_for: task.done
    up_to: 5 days
    then: [ tag: called ]
"""
TEMPLATES = {
    "call-back/email.md": "---\nsubject: 'Call {{ lead.first_name }} about {{ entry.number }}{% if task.overdue %}: overdue"
                          "{% endif %}'\n---\nHello {{ rep.name }},\n\nplease call {{ lead.phone }}.\n\n[Done]({{ task_url }})\n",
    "new-lead/email.md": "---\nsubject: A lead\n---\nHello {{ rep.name }}\n",
}


@pytest.fixture
def sink(tmp_path, ending):
    return ending(PostfixSink(tmp_path / "mail"))


@pytest.fixture
def office(build_house, sink):
    house = build_house(rules={"all.yaml": RULES}, templates=TEMPLATES, channels=email_channel(sink, 1)).start()
    house.put_lead("petra", first_name="Petra <i>", phone="+49 30 1", email="petra@example.net")
    house.event("petra", "quote.asked", number="Q-7")
    house.quiet()
    return house


def mails(sink, to):
    return [mail for mail in sink.messages() if mail["To"].addresses[0].addr_spec == to]


def link(mail):
    body = mail.get_body(("html",)).get_content()
    return html.unescape(re.search(r'<a [^>]*?href="([^"]+/t/[^"]+)"', body).group(1))


def tasks(house, state="open"):
    return house.get("/v1/tasks?state=" + state)["tasks"]


def test_one_tap_marks_it_done(office, sink):
    mail, = mails(sink, "bob@example.org")                 # nobody owns Petra: the manager of the team that she would go to
    assert mail["Subject"] == "Call Petra <i> about Q-7"
    url = link(mail)
    for method in ("GET", "HEAD", "GET"):                  # a mail scanner follows links
        page = office.page(method, url)
        assert page.status == 200 and page.headers["Content-Type"].startswith("text/html")
    assert "Petra &lt;i&gt;" in page.text and "<i>" not in page.text and "tel:+49 30 1" in page.text
    task, = tasks(office)
    assert (task["text"], task["rep"], task["manager"], task["overdue"]) == ("Call Petra <i> about Q-7", "bob", "bob", False)
    damaged = url[:-3] + ("AAA" if not url.endswith("AAA") else "BBB")
    assert office.page("POST", damaged, "do=done").status == 404
    assert tasks(office) == [task]

    assert office.page("POST", url, "do=done").status == 200
    office.kill()
    office.start()
    assert tasks(office) == []
    assert office.page("POST", url, "do=done").status == 200   # pressed twice: no harm
    done, = tasks(office, "done")
    assert (done["id"], done["by"]) == (task["id"], "bob")
    assert office.get("/v1/leads/petra")["tags"] == ["called"]
    assert "Marked done by bob" in office.page("GET", url).text and "tel:" not in office.page("GET", url).text
    office.forward(days=31)
    assert office.page("GET", url).status == 410
    assert tasks(office, "all") == []


def test_it_goes_with_the_lead_and_is_overdue_once(office, sink):
    office.event("petra", "demo.requested")
    assert office.api("POST", "/v1/queue/petra/accept", {"rep": "anna"}).status == 200
    office.quiet()
    first, = mails(sink, "bob@example.org")
    assert office.page("GET", link(first)).status == 410   # hers now
    assert office.page("POST", link(first), "do=done").status == 409
    mine = [mail for mail in mails(sink, "anna@example.org") if "Call" in mail["Subject"]]
    assert len(mine) == 1 and office.page("GET", link(mine[0])).status == 200

    office.forward(days=1)
    office.kill()
    office.start()
    office.forward(days=1)
    late = [mail for mail in mails(sink, "anna@example.org") if mail["Subject"].endswith(": overdue")]
    assert len(late) == 1
    assert len(mails(sink, "bob@example.org")) == 1
    assert office.status()["tasks_overdue"] == 1
    assert [task["rep"] for task in tasks(office, "overdue")] == ["anna"]
    office.event("petra", "order.placed")
    office.quiet()
    assert office.status()["tasks_open"] == 0
    gone, = tasks(office, "withdrawn")
    assert gone["why"] == "goal: order.placed"
    assert "No longer needed" in office.page("GET", link(late[0])).text
    assert office.page("POST", link(late[0]), "do=done").status == 409


def test_by_nurturectl(office):
    socket = office.path("control.sock")
    shown = nurturectl("task", "--socket", socket)
    assert shown.returncode == 0 and "Call Petra <i> about Q-7" in shown.stdout and "manager bob" in shown.stdout
    task, = json.loads(nurturectl("task", "--socket", socket, "--json", "--rep", "bob", "--lead", "petra").stdout)["tasks"]
    assert nurturectl("task", "--socket", socket, "--rep", "anna").stdout == "there are no such tasks\n"
    screen = nurturectl("lead", "show", "petra", "--socket", socket).stdout
    assert "\nopen tasks\n  Call Petra <i> about Q-7: bob, due " in screen
    assert json.loads(nurturectl("lead", "show", "petra", "--socket", socket, "--json").stdout)["tasks"] == [task]
    assert nurturectl("task", "--socket", socket, "--state", "late").returncode == 1
    assert nurturectl("task", "--socket", socket, "done").returncode == 2
    assert nurturectl("task", "--socket", socket, "done", task["id"], "bib").returncode == 1
    assert nurturectl("task", "--socket", socket, "done", task["id"], "anna").stdout == task["id"] + ": done\n"
    assert nurturectl("task", "--socket", socket, "done", task["id"]).stdout == task["id"] + ": duplicate\n"
    assert "by anna" in nurturectl("task", "--socket", socket, "--state", "done", "list").stdout
    assert "open tasks" not in nurturectl("lead", "show", "petra", "--socket", socket).stdout
    timeline = office.get("/v1/leads/petra/timeline")["timeline"]
    words = [effect["what"] for row in timeline for effect in row["entry"]["effects"]]
    assert "task.opened" in words and "task.done" in words


def test_erasure_takes_it(office, sink):
    mail, = mails(sink, "bob@example.org")
    assert office.api("DELETE", "/v1/leads/petra").status == 200
    assert tasks(office, "all") == []
    assert office.page("GET", link(mail)).status == 410
    assert office.page("POST", link(mail), "do=done").status == 409


def test_a_name_of_the_greatest_length_works_in_links(build_house, sink):
    bob, anna = "b" * 128, "a" * 128                            # what the rules allow
    rules = RULES.replace("bob", bob).replace("anna", anna).replace(bob + "@", "bob@").replace(anna + "@", "anna@")
    templates = dict(TEMPLATES, **{"new-lead/email.md": "---\nsubject: A lead\n---\n[Take it]({{ accept_url }})\n"})
    house = build_house(rules={"all.yaml": rules}, templates=templates, channels=email_channel(sink, 1)).start()
    house.put_lead("petra", email="petra@example.net")
    house.event("petra", "quote.asked", number="Q-7")
    house.event("petra", "demo.requested")
    house.quiet()
    task, = mails(sink, "bob@example.org")
    offer, = mails(sink, "anna@example.org")
    page = offer.get_body(("html",)).get_content()
    accept = html.unescape(re.search(r'<a [^>]*?href="([^"]+/r/[^"]+)"', page).group(1))
    assert house.page("GET", house.get("/v1/calendar?rep=" + anna)["url"]).status == 200
    assert house.page("GET", link(task)).status == 200
    assert house.page("POST", link(task), "do=done").status == 200
    assert house.page("GET", accept).status == 200
    assert house.page("POST", accept, "do=accept").status == 200
    assert house.get("/v1/queue")["queue"][0]["rep"] == anna
    done, = tasks(house, "done")
    assert done["by"] == bob
