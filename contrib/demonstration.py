#!/usr/bin/python3
"""Shows nurtured at work: a mail catcher, an SMS gateway and a webhook's receiver on this machine, the example rules,
a hundred leads, and a clock that makes twelve weeks pass in about forty seconds. Ends by itself, with exit code 0 only if
what the daemon counts as sent is what the catchers have counted.

  contrib/demo              the show
  contrib/demo --stay       then goes on, slowly, until Ctrl-C, so that the queue can be tried by hand
  contrib/demo --folder F   keeps everything in F (default: demo/ in the build folder; what was there is replaced)
"""
import argparse
import datetime
import email
import email.policy
import html
import html.parser
import http.client
import http.server
import json
import os
import pathlib
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

from aiosmtpd.controller import Controller

SOURCE = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("NT_BUILDDIR", SOURCE)).resolve()
SPEED = 2 * 86400  # two days a second
START = "2026-03-02T12:00:00Z"  # a Monday
DAYS = 84
LIMIT = 85  # real seconds, whatever happens


# ---- what stands in for the world outside ----


class Mails:
    """Takes every mail and keeps it as a file that a mail program opens."""

    def __init__(self, folder):
        self.folder = folder
        self.arrived = threading.Condition()
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self.arrived:
            self.mails.append(message)
            name = re.sub(r"[^a-z0-9]+", "-", f"{envelope.rcpt_tos[0]} {message['Subject']}".lower())[:90]
            (self.folder / f"{len(self.mails):04d}-{name}.eml").write_bytes(envelope.content)
            self.arrived.notify_all()
        return "250 2.0.0 taken"


class Calls:
    """Plays Kannel's sendsms and the CRM that webhooks go to."""

    def __init__(self, folder):
        self.texts, self.hooks = [], []
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                with outer.lock, open(folder / "texts.txt", "a", encoding="utf-8") as out:
                    outer.texts.append(query)
                    print(f"to {query.get('to')}: {query.get('text')}\n", file=out)
                self.answer(202, b"0: Accepted for delivery")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.lock, open(folder / "webhooks.ndjson", "ab") as out:
                    outer.hooks.append(json.loads(body))
                    out.write(body + b"\n")
                self.answer(200, b"{}")

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- the daemon ----


class House:
    def __init__(self, folder, smtp_port, calls_port):
        self.folder = folder
        self.port = free_port()
        self.token = secrets.token_hex(32)
        self.socket = folder / "control.sock"
        self.write_configuration(smtp_port, calls_port)

    def write_configuration(self, smtp_port, calls_port):
        shutil.copytree(SOURCE / "rules", self.folder / "rules")
        sales = self.folder / "rules" / "sales.yaml"
        # A rep's half an hour would be over in a fiftieth of a second.
        sales.write_text(re.sub(r"accept_within: \d+ minutes", "accept_within: 500 hours", sales.read_text()))
        (self.folder / "token").write_text(self.token)
        (self.folder / "link-key").write_text(secrets.token_hex(32))
        (self.folder / "kannel-password").write_text("sesame")
        (self.folder / "webhook-key").write_text(secrets.token_hex(32))
        for name in ("token", "link-key", "kannel-password", "webhook-key"):
            (self.folder / name).chmod(0o600)
        (self.folder / "nurtured.yaml").write_text(
            f"""rules: rules
templates: {SOURCE}/templates
providers: {SOURCE}/contrib/providers
store: {{ path: nurtured.db }}
listen: 127.0.0.1:{self.port}
public_url: http://127.0.0.1:{self.port}
socket: control.sock
tokens:
  demo: {{ file: token, scopes: [ events, "leads:read", "leads:write", queue, metrics ] }}
secrets: {{ links: [ link-key ] }}
channels:
  email: {{ type: smtp, host: 127.0.0.1, port: {smtp_port}, tls: none, connections: 4 }}
  sms:
    type: http
    provider: kannel
    settings: {{ url: "http://127.0.0.1:{calls_port}/cgi-bin/sendsms", username: demo, password_file: kannel-password, from: "18025550142" }}
  letter: {{ type: spool, path: letters }}
webhooks:
  crm: {{ url: "http://127.0.0.1:{calls_port}/crm", secret_file: webhook-key }}
"""
        )

    def start(self, speed, start=None, live=True):
        command = [str(BUILD / "nurtured"), "-c", str(self.folder / "nurtured.yaml"), "--clock-speed", str(speed)]
        command += ["--live"] if live else []
        command += ["--clock-start", start] if start else []
        self.process = subprocess.Popen(command, stderr=open(self.folder / "nurtured.log", "ab"))
        deadline = time.monotonic() + 20
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"demo: nurtured didn't start:\n{(self.folder / 'nurtured.log').read_text()}")
            threading.Event().wait(0.05)

    def answers(self):
        try:
            return self.call("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None, kind="application/json", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else None
            connection.request(method, path, data, {"Authorization": f"Bearer {self.token}", "Content-Type": kind, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def status(self):
        done = subprocess.run(
            [str(BUILD / "nurturectl"), "status", "--socket", str(self.socket), "--json"], capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


# ---- a hundred leads ----

FIRST = "Ada Ben Cleo Dag Edda Finn Greta Hugo Ida Jon Kaja Lars Mia Nils Olga Paul Rosa Sven Tilda Uwe Vera Will Yara Zoe José".split()
LAST = "Alder Birch Cole Dahl Evans Frost Grant Holm Ivers Jensen Klein Lund Meyer Novak Olsen Park Quist Reyes Stern Thorn".split()
PLACES = [("US", "America/New_York"), ("US", "America/Chicago"), ("DE", "Europe/Berlin"), ("US", "America/Los_Angeles"), ("AT", "Europe/Vienna")]


def people(chance):
    for i in range(100):
        country, zone = PLACES[i % len(PLACES)]
        first, last = FIRST[i % len(FIRST)], LAST[(i * 7) % len(LAST)]
        yield f"lead-{i:03d}", {
            "first_name": first,
            "last_name": last,
            "email": f"{first}.{last}.{i}@example.{'de' if country == 'DE' else 'com'}".lower().replace("é", "e"),
            "phone": f"+1802555{i:04d}",
            "company": f"{last} {chance.choice(['Foods', 'Logistics', 'Recycling', 'Labs'])}",
            "country": country,
            "time_zone": zone,
            "interest": chance.choice(["scales", "software"]),
            "postal_address": f"{i + 1} Mill Street",
        }


def story(i, chance):
    """What a lead does: (day, event, properties). Two of them ask for a person; the others take their time."""
    if i in (12, 40):
        return [(0.1, "guide.downloaded", {"guide": "choosing a floor scale"}), (2.0, "pricing.viewed", {"page": "/prices"}),
                (6.0 + i / 40, "demo.requested", {"topic": "checkweighers"})]
    day = chance.uniform(0, 12)
    kind = i % 5
    if kind == 0:
        return [(day, "newsletter.joined", {"form": "footer"})]
    if kind == 1:
        return [(day, "trial.started", {"plan": "team"}), (day + 1, "app.login", {})]
    if kind == 2:
        return [(day, "guide.downloaded", {"guide": "calibration"})]
    if kind == 3:
        return [(day, "quote.sent", {"quote_number": f"Q-{i}", "amount": 900 + i}), (day + 2, "quote.viewed", {"quote_number": f"Q-{i}"})]
    return [(day, "newsletter.joined", {"form": "blog"}), (day + 5, "product.viewed", {"product": "TS-60"})]


def tell(house, begun, limit):
    """Sends leads at once, and what they do on its day."""
    chance = random.Random(2026)
    steps = []
    for i, (lead, fields) in enumerate(people(chance)):
        story_of = story(i, chance)
        if any(name == "trial.started" for _, name, _ in story_of):
            fields["trial_ends"] = "2026-03-24"
        if i % 3 == 0:
            fields["consent"] = {"sms": True}
        steps += [(day, {"id": f"{lead}-{n}", "lead": lead, "event": name, "properties": properties})
                  for n, (day, name, properties) in enumerate(story_of)]
        consent = fields.pop("consent", None)
        put(house, "PUT", f"/v1/leads/{lead}", fields)
        if consent:
            put(house, "POST", f"/v1/leads/{lead}/consent", {"channel": "sms", "given": True, "how": "form", "from": "demo"})
    for day, event in sorted(steps, key=lambda step: step[0]):
        wait = begun + day * 86400 / SPEED - time.monotonic()
        if wait > 0:
            threading.Event().wait(wait)
        if time.monotonic() > limit:
            return
        put(house, "POST", "/v1/events", event)


def put(house, method, path, body):
    status, text = house.call(method, path, body)
    if status >= 300:
        sys.exit(f"demo: {method} {path}: {status} {text}")


# ---- a rep with a phone ----


class Form(html.parser.HTMLParser):
    """The button of a page: where its form goes and what it carries."""

    def __init__(self):
        super().__init__()
        self.action, self.fields = None, {}

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = attrs.get("action", "")
        if tag in ("input", "button") and attrs.get("name"):
            self.fields.setdefault(attrs["name"], attrs.get("value", ""))


def accept_first(house, mails, limit, accepted):
    """Opens the first mail that offers a lead, follows its link, presses the button."""
    with mails.arrived:
        while True:
            offers = [m for m in mails.mails if m["Subject"].startswith("New lead")]
            if offers or time.monotonic() > limit:
                break
            mails.arrived.wait(1)
    if not offers:
        return
    text = offers[0].get_body(("html",)).get_content()
    link = next(l for l in re.findall(r'href="([^"]*/r/[^"]*)"', text))
    path = urllib.parse.urlsplit(html.unescape(link)).path
    status, page = house.call("GET", path)
    form = Form()
    form.feed(page)
    if status == 200:
        status, page = house.call("POST", form.action or path, urllib.parse.urlencode(form.fields), "application/x-www-form-urlencoded")
    accepted.append((offers[0]["To"], status))


# ---- the show ----


def totals(house, mails, calls):
    """What the daemon has sent, against what has arrived."""
    sent = {c["channel"]: c["accepted"] for c in house.status()["channels"]}
    came = {
        "email": len(mails.mails),
        "sms": len(calls.texts),
        "webhook:crm": len(calls.hooks),
        "letter": len(list((house.folder / "letters" / "new").glob("*"))),
    }
    print(f"\n  {'channel':14} {'sent':>6} {'arrived':>8}")
    for channel in sorted(set(sent) | set(came)):
        print(f"  {channel:14} {sent.get(channel, 0):6} {came.get(channel, 0):8}")
    ids = [m["Message-ID"] for m in mails.mails]
    return sent == came and len(set(ids)) == len(ids) and len(ids) > 0


def quiet(house, limit):
    """Until nothing is on the wire."""
    while time.monotonic() < limit:
        status = house.status()
        if status["waiting"] == 0 and all(c["on_the_wire"] == 0 for c in status["channels"]):
            return
        threading.Event().wait(0.1)


def show(folder, stay):
    begun = time.monotonic()
    limit = begun + LIMIT - 15
    (folder / "mail").mkdir(parents=True)
    mails, calls = Mails(folder / "mail"), Calls(folder)
    controller = Controller(mails, hostname="127.0.0.1", port=free_port())
    controller.start()
    house = House(folder, controller.port, calls.port)
    print(f"Twelve weeks of a hundred leads, two days a second; times are UTC. Everything is in {folder}\n", flush=True)
    house.start(SPEED, START)
    started = time.monotonic()
    accepted = []
    rep = threading.Thread(target=accept_first, args=(house, mails, limit, accepted))
    rep.start()
    try:
        tell(house, started, limit)
        threading.Event().wait(max(0, started + DAYS * 86400 / SPEED - time.monotonic()))
        rep.join()
        quiet(house, limit + 10)
        good = report(house, mails, calls, accepted)
    finally:
        house.stop()
    if stay:
        # Where its clock has got to, and a bit: the store's time only goes forwards.
        shown = datetime.timedelta(seconds=(time.monotonic() - started + 2) * SPEED)
        stay_on(house, (datetime.datetime.fromisoformat(START) + shown).strftime("%Y-%m-%dT%H:%M:%SZ"))
    controller.stop()
    return 0 if good else 1


def report(house, mails, calls, accepted):
    same = totals(house, mails, calls)
    offered = sum(m["Subject"].startswith("New lead") for m in mails.mails)
    print(f"\n  {offered} leads were offered to reps; " + (
        f"{str(accepted[0][0]).split(' <')[0]} accepted one by the link in the mail" if accepted and accepted[0][1] == 200 else "none was accepted"))
    good = same and offered == 2 and bool(accepted) and accepted[0][1] == 200
    print(f"\n  mails    {house.folder}/mail/*.eml\n  texts    {house.folder}/texts.txt\n  letters  {house.folder}/letters/new/\n"
          f"  log      {house.folder}/nurtured.log\n\n  contrib/demo --stay goes on after this, to try the queue by hand\n")
    print("  what was sent is what arrived" if good else "  THE COUNTS DIFFER, or no lead was accepted", flush=True)
    return good


def stay_on(house, start):
    house.start(60, start)
    control = f"--socket {house.socket}"
    print(f"""
  It goes on, a minute a second, until Ctrl-C. In another terminal:

    {BUILD}/nurturectl queue {control}
    {BUILD}/nurturectl lead show lead-012 {control}
    {BUILD}/nurturectl status {control}

  or open a mail in {house.folder}/mail and follow its links.
""", flush=True)
    try:
        house.process.wait()
    except KeyboardInterrupt:
        house.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stay", action="store_true", help="go on until Ctrl-C")
    parser.add_argument("--folder", type=pathlib.Path, default=BUILD / "demo")
    options = parser.parse_args()
    folder = options.folder.resolve()
    if folder.exists():
        if not (folder / "nurtured.yaml").exists() and any(folder.iterdir()):
            sys.exit(f"demo: {folder} is not empty, and not of an earlier demo")
        shutil.rmtree(folder)
    return show(folder, options.stay)


if __name__ == "__main__":
    sys.exit(main())
