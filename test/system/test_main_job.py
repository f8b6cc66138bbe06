"""The main job with real servers: leads and events in by HTTP, the example rules, weeks of virtual time, Postfix's smtp-sink,
Kannel with its fake SMSC, a webhook sink and a printer's folder. Every expected message arrives once, by the right channel, at
the instant that the simulator foretells; a rep takes a lead over from the link in the mail."""
import collections
import datetime
import email.utils
import fcntl
import html
import json
import os
import random
import re
import select
import signal
import subprocess
import time

import pytest

from house import PUBLIC, QUICK, SECRET, SLOW, SOURCE, deadline, instant, nurturectl, program, stamp, until
from sinks import HookSink, Kannel, PostfixSink, id_of

START = instant("2026-03-02T13:30:00Z")
END = instant("2026-05-11T13:30:00Z")
N_LEADS = 32 if QUICK else 48
ZONES = ["America/New_York", "America/Chicago", "Europe/Berlin", "Europe/Vienna", "Asia/Kolkata", ""]
INDUSTRIES = ["food", "logistics", "retail", "other"]


def make_leads(chance):
    leads = []
    for i in range(N_LEADS):
        zone = chance.choice(ZONES)
        leads.append({
            "id": "lead-%02d" % i, "email": "lead%02d@customer.example" % i, "first_name": chance.choice(["Ann", "José", "Øyvind", "雪"]),
            "last_name": "Nr %d" % i, "company": "Works & Sons %d" % i, "phone": "+1202555%04d" % (100 + i),
            "country": "DE" if zone == "Europe/Berlin" else "AT" if zone == "Europe/Vienna" else "US", "time_zone": zone,
            "postal_address": "%d Mill Lane, Springfield" % i, "industry": chance.choice(INDUSTRIES),
            "company_size": chance.choice([3, 20, 80, 600]), "interest": chance.choice(["scales", "software"]),
            "trial_ends": "2026-03-%02d" % chance.randint(20, 28),
        })
    return leads


def make_events(chance, leads):
    """Odd milliseconds: nothing of one lead's falls into the very instant of something else of the same lead."""
    events = []

    def add(lead, name, day, properties=None, consent=None):
        at = START + datetime.timedelta(days=day, milliseconds=chance.randint(1, 40_000_000))
        event = {"id": "e%04d" % len(events), "lead": lead["id"], "event": name, "at": stamp(at), "properties": properties or {}}
        if consent:
            event["consent"] = consent
        events.append(event)

    for lead in leads:
        kind = chance.randrange(6)
        if kind == 0:
            add(lead, "newsletter.joined", chance.randint(0, 6), {"form": "footer"})
        elif kind == 1:
            add(lead, "trial.started", chance.randint(0, 5), {"plan": "team"}, {"sms": True} if chance.random() < .8 else None)
            for day in range(chance.randint(0, 5)):
                add(lead, "app.login", 6 + day)
            if chance.random() < .5:
                add(lead, "scale.connected", 6, {"model": "TS-60"})
        elif kind == 2:
            add(lead, "quote.sent", chance.randint(0, 10), {"quote_number": "Q-%s" % lead["id"], "amount": chance.choice([900, 42000])})
            if chance.random() < .5:
                add(lead, "quote.viewed", 12, {"quote_number": "Q-%s" % lead["id"]})
        elif kind == 3:
            add(lead, "guide.downloaded", chance.randint(0, 6), {"guide": "floor scales"})
            for day in range(chance.randint(0, 3)):
                add(lead, "pricing.viewed", 8 + day, {"page": "floor"})
        elif kind == 4:
            add(lead, "subscription.started", 0, {"plan": "team", "monthly": 79})
            add(lead, "app.login", 1)
        else:
            add(lead, "newsletter.joined", chance.randint(0, 3), {"form": "shop"})
            add(lead, "guide.downloaded", chance.randint(0, 6), {"guide": "checkweighing"})
            if chance.random() < .3:
                add(lead, "demo.requested", 20, {"topic": "checkweighers"})
    return sorted(events, key=lambda e: e["at"])


def write_inputs(house, leads, events):
    with open(house.path("leads.csv"), "w", encoding="utf-8") as f:
        f.write(",".join(leads[0]) + "\n")
        for lead in leads:
            f.write(",".join('"%s"' % value for value in lead.values()) + "\n")
    house.write("events.ndjson", "".join(json.dumps(event) + "\n" for event in events))


def simulate(house):
    """{id: (channel, template, to, released)} of all that should go out."""
    run = nurturectl("simulate", "--config", house.config_path, "--leads", house.path("leads.csv"), "--events",
                     house.path("events.ndjson"), "--start", stamp(START), "--until", stamp(END), "--json", house.rules)
    assert run.returncode == 0, run.stderr
    found = {}
    for line in run.stdout.splitlines():
        line = json.loads(line)
        if "id" in line and line["what"] in ("message.released", "rep.told"):
            assert line["id"] not in found
            found[line["id"]] = (line["channel"], line["template"], line["to"], instant(line["at"]))
    return found


@pytest.fixture
def world(tmp_path, build_house, ending):
    """The house with all its neighbours."""
    class World:
        mail = ending(PostfixSink(tmp_path / "mail"))
        kannel = ending(Kannel(str(tmp_path / "kannel")))
        hooks = ending(HookSink((SECRET + "hook-key").encode()))
        house = build_house(
            rules=os.path.join(SOURCE, "rules"), templates=os.path.join(SOURCE, "templates"), start=stamp(START),
            channels={
                "email": {"type": "smtp", "host": "127.0.0.1", "port": mail.port, "tls": "none", "connections": 4},
                "sms": {"type": "http", "provider": "kannel", "connections": 2, "settings": {
                    "url": "http://127.0.0.1:%d/cgi-bin/sendsms" % kannel.port, "username": "nurtured",
                    "password_file": "kannel-password", "from": "18025550142"}},
                "letter": {"type": "spool", "path": "letters"},
            },
            webhooks={"crm": {"url": hooks.url, "secret_file": "hook-key"}})
    World.house.write("kannel-password", "kannel-secret\n")
    return World


def letters_of(house):
    return [name.rsplit(".", 1)[0] for name in os.listdir(house.path("letters", "new"))]


def play(house, leads, events):
    house.start()
    for lead in leads:
        fields = {name: value for name, value in lead.items() if name != "id" and value != ""}
        house.put_lead(lead["id"], **fields)
    for event in events:
        house.advance(event["at"])
        answer = house.api("POST", "/v1/events", event, token="events").json
        assert answer["stored"] == 1, answer
    house.advance(END, seconds=120)


def check_channels(world, expected):
    """What the sinks have is what was expected, once each."""
    by_channel = collections.defaultdict(dict)
    for id, (channel, template, to, released) in expected.items():
        by_channel[channel][id] = (template, to, released)

    mails = world.mail.messages()
    assert collections.Counter(map(id_of, mails)) == {id: 1 for id in by_channel["email"]}
    for mail in mails:
        _, to, released = by_channel["email"][id_of(mail)]
        assert mail["To"].addresses[0].addr_spec == to
        assert email.utils.parsedate_to_datetime(mail["Date"]) == released.replace(microsecond=0)

    texts = world.kannel.messages()
    assert sorted(to for to, _ in texts) == sorted(to for _, to, _ in by_channel["sms"].values())
    assert all(text.startswith("Tarn Ledger: your trial ends tomorrow.") for _, text in texts)

    assert sorted(letters_of(world.house)) == sorted(by_channel["letter"])

    assert sorted(headers["webhook-id"] for headers, _, _ in world.hooks.calls) == sorted(by_channel["webhook"])
    assert all(world.hooks.verify(headers, body) for headers, body, _ in world.hooks.calls)
    return by_channel


def test_what_arrives_is_what_the_simulator_foretells(world):
    chance = random.Random(20260302)
    leads = make_leads(chance)
    events = make_events(chance, leads)
    write_inputs(world.house, leads, events)
    expected = simulate(world.house)
    play(world.house, leads, events)

    rows = world.house.outbox("accepted")
    # in the outbox each webhook is a lane of its own; for people, rules and the simulator all are "webhook"
    actual = {row["id"]: (row["channel"].split(":")[0], row["template"], row["to"], instant(row["released"])) for row in rows}
    assert len(rows) == len(actual)
    assert actual == expected
    for state in ("released", "handed", "refused", "in_doubt"):
        assert world.house.outbox(state) == []
    world.kannel.wait(len([1 for channel, *_ in expected.values() if channel == "sms"]))
    by_channel = check_channels(world, expected)
    assert len(expected) > 2 * N_LEADS
    assert all(by_channel[channel] for channel in ("email", "sms", "letter", "webhook")), \
        {channel: len(ids) for channel, ids in by_channel.items()}
    assert world.house.stop() == 0


def links_of(mail, word):
    """The URLs of an HTML mail whose text says so."""
    body = mail.get_body(("html",)).get_content()
    return [html.unescape(url) for url, text in re.findall(r'<a [^>]*?href="([^"]+)"[^>]*>(.*?)</a>', body, re.S) if word in text]


def offered(world):
    """A lead asks for a demonstration on a Monday morning; the mail that its rep gets."""
    house = world.house
    house.start()
    house.put_lead("petra", email="petra@suedback.example", first_name="Petra", last_name="Vögel", company="Südback",
                   country="DE", time_zone="Europe/Berlin", industry="food", company_size=120)
    house.event("petra", "pricing.viewed", page="floor")
    house.event("petra", "demo.requested", topic="checkweighers")
    house.quiet()
    mails = [mail for mail in world.mail.messages() if "Vögel" in mail["Subject"]]
    assert len(mails) == 1
    return mails[0]


def entry_of(house):
    queue = house.get("/v1/queue")["queue"]
    assert [entry["lead"] for entry in queue] == ["petra"]
    return queue[0]


def test_a_rep_accepts_from_the_link_in_the_mail(world):
    house, mail = world.house, offered(world)
    entry = entry_of(house)
    rep = entry["rep"]
    assert entry["state"] == "offered"
    assert mail["To"].addresses[0].addr_spec == "anna.berg@tarnscales.example"
    assert "asked for a demonstration" in mail.get_body(("plain",)).get_content().replace("\n", " ")
    url, = links_of(mail, "Accept")

    for method in ("GET", "HEAD", "GET"):           # a mail scanner follows links
        page = house.page(method, url)
        assert page.status == 200 and page.headers["Content-Type"].startswith("text/html")
    assert "Petra" in house.page("GET", url).text and 'method="post"' in house.page("GET", url).text.lower()
    assert entry_of(house)["state"] == "offered"

    damaged = url[:-3] + ("AAA" if not url.endswith("AAA") else "BBB")
    assert house.page("POST", damaged, "do=accept").status in (403, 404)
    assert entry_of(house)["state"] == "offered"

    assert house.page("POST", url, "do=accept").status == 200
    assert (entry_of(house)["state"], entry_of(house)["rep"]) == ("accepted", rep)
    assert house.page("POST", url, "do=accept").status in (200, 409)   # pressed twice: no harm
    house.forward(hours=3)
    assert (entry_of(house)["state"], entry_of(house)["rep"]) == ("accepted", rep)
    lead = house.get("/v1/leads/petra")
    assert lead["owner"] == rep and lead["stage"] == "sales_ready"


def test_an_offer_that_nobody_answers_passes_on(world):
    house, mail = world.house, offered(world)
    url, = links_of(mail, "Accept")
    first = entry_of(house)["rep"]
    house.forward(minutes=20)                        # 'accept_within: 15 minutes' of working time
    assert entry_of(house)["state"] == "offered"
    assert entry_of(house)["rep"] != first
    late = house.page("POST", url, "do=accept")
    assert late.status == 409 and "html" in late.headers["Content-Type"]
    assert entry_of(house)["state"] == "offered" and entry_of(house)["rep"] != first

    newest = [mail for mail in world.mail.messages() if "Vögel" in mail["Subject"]][-1]
    back = [u for m in world.mail.messages() for u in links_of(m, "Send it back")
            if m["To"].addresses[0].addr_spec == "cem.aydin@tarnscales.example"]
    assert newest is not None and back
    page = house.page("GET", back[0])
    assert page.status == 200 and "bad_fit" in page.text
    assert house.page("POST", back[0], "do=send_back&reason=bad_fit").status == 200
    house.quiet()
    assert house.get("/v1/leads/petra")["stage"] == "disqualified"
    assert all(entry["state"] == "sent_back" for entry in house.get("/v1/queue")["queue"])


class Browser:
    """Headless Chromium, spoken to through its debugging pipe: descriptors 3 and 4, JSON ended by NUL."""

    def __init__(self, path, folder):
        (theirs_in, self.out), (self.inp, theirs_out) = os.pipe(), os.pipe()

        def hand_over():                       # by way of high numbers: 3 and 4 may be among ours
            a, b = fcntl.fcntl(theirs_in, fcntl.F_DUPFD, 50), fcntl.fcntl(theirs_out, fcntl.F_DUPFD, 50)
            os.dup2(a, 3)
            os.dup2(b, 4)
        self.process = subprocess.Popen(
            [path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--user-data-dir=" + folder, "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=hand_over, close_fds=False,
            start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        self.number, self.buffer, self.session = 0, b"", None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        end = deadline(30)
        while True:
            while b"\0" not in self.buffer:
                ready, _, _ = select.select([self.inp], [], [], max(0, end - time.monotonic()))
                assert ready, "the browser says nothing to " + method
                self.buffer += os.read(self.inp, 1 << 20)
            raw, _, self.buffer = self.buffer.partition(b"\0")
            answer = json.loads(raw)
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def text(self):
        return self.evaluate("document.readyState == 'complete' && document.body ? document.body.innerText : ''") or ""

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression)["result"].get("value")

    def close(self):
        for fd in (self.out, self.inp):
            os.close(fd)
        try:
            self.process.wait(5 * SLOW)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def test_a_rep_accepts_in_a_browser(world, tmp_path, ending):
    path = program("chromium") or program("chromium-browser") or program("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed")
    house, mail = world.house, offered(world)
    url, = links_of(mail, "Accept")
    browser = ending(Browser(path, str(tmp_path / "browser")))
    browser.call("Page.navigate", url="http://127.0.0.1:%d%s" % (house.port, url[len(PUBLIC):]))
    until(lambda: "Petra" in browser.text(), 20, "the lead's page")
    assert entry_of(house)["state"] == "offered"
    assert browser.evaluate("[...document.querySelectorAll('button')].filter(b => b.innerText.includes('Accept')).map(b => b.click()).length") == 1
    until(lambda: entry_of(house)["state"] == "accepted", 20, "the button's effect")
    until(lambda: browser.text() and "Accept this lead" not in browser.text(), 20, "the page that says so")
