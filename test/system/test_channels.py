"""Programs, spool folders, webhooks and gateways as channels."""
import base64
import email
import hashlib
import hmac
import json
import os
import re
import stat
import urllib.parse

import pytest

from house import PUBLIC, SECRET, SOURCE, until
from sinks import HookSink, Kannel, parse

RULES = """\
policy:
  sender: { name: Ada, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: UTC
  consent: { sms: opt_out, fax: opt_out, letter: opt_out }
---
fields: { words: text }
events:
  go.fax: {}
  go.letter: {}
  go.mail: {}
  go.text: {}
  go.hook: { amount: number }
---
campaign: faxes
enter: { on: go.fax }
again: always
steps: [ fax: notice ]
---
campaign: letters
enter: { on: go.letter }
again: always
steps: [ letter: notice ]
---
campaign: mails
enter: { on: go.mail }
again: always
steps: [ email: notice ]
---
campaign: texts
enter: { on: go.text }
again: always
steps: [ sms: notice ]
---
campaign: hooks
enter: { on: go.hook }
again: always
steps:
  - webhook: crm
    with: { amount: "= entry.amount", list: "a \\"quoted\\" name" }
"""
TEMPLATES = {
    "notice/fax.txt": "Fax for {{ first_name }}: {{ words }}\n",
    "notice/letter.html": "<!DOCTYPE html><p>Letter for {{ first_name }}: {{ words }}</p>\n",
    "notice/email.md": "---\nsubject: Notice\n---\nMail for {{ first_name }}: {{ words }}\n",
    "notice/sms.txt": "SMS for {{ first_name }}: {{ words }}\n",
}
# Does what the message tells it, and keeps what it was given.
PROGRAM = """#!/bin/sh
cd "$(dirname "$0")" || exit 1
cat > "got.$$"
case "$(cat "got.$$")" in
*"exit 0"*) echo "queued as 17" ;;
*"exit 75"*) [ -e again ] || { : > again; echo "line busy"; exit 75; } ;;
*"exit 67"*) echo "no such number"; exit 67 ;;
*"exit 1"*) echo "bad page"; exit 1 ;;
*"hang"*) sleep 600 ;;
*"children"*) sleep 600 & sleep 600 ;;
*"much"*) head -c 10000000 /dev/zero ;;
*"signal"*) kill -SEGV $$ ;;
esac
mv "got.$$" "done.$$"
"""


@pytest.fixture
def hooks(ending):
    return ending(HookSink((SECRET + "hook-key").encode()))


@pytest.fixture
def house(build_house, hooks):
    house = build_house(rules={"all.yaml": RULES}, templates=TEMPLATES, channels={
        "fax": {"type": "exec", "command": ["/bin/true"], "timeout": "1 second", "connections": 2},
        "letter": {"type": "spool", "path": "letters"},
        "email": {"type": "spool", "path": "mails"},
        "sms": {"type": "http", "provider": "twilio", "settings": {
            "account": "AC123", "token_file": "hook-key", "from": "+15550100", "url": "http://127.0.0.1:%d" % hooks.port}},
    }, webhooks={"crm": {"url": hooks.url, "secret_file": "hook-key", "timeout": "2 seconds", "headers": {"X-From": "tests"}}})
    program = house.write("bin/send-fax", PROGRAM)
    os.chmod(program, 0o755)
    house.settings["channels"]["fax"]["command"] = [program, "--quiet"]
    house.write_config()
    return house.start()


def send(house, lead, event, words="", **fields):
    house.put_lead(lead, email=lead + "@customer.example", first_name="Ann", fax="+15550177", phone="+15550188",
                   postal_address="1 Elm St", words=words, **fields)
    house.event(lead, event)


def row_of(house, lead):
    def found():                    # asked for state by state: it may have moved from one to the next meanwhile
        rows = [row for state in ("released", "handed", "accepted", "refused", "in_doubt") for row in house.outbox(state)
                if row["lead"] == lead]
        return rows[0] if len(rows) == 1 else None
    return until(found, 5, "the one row of " + lead)


def kept(house):
    folder = house.path("bin")
    found = []
    for name in os.listdir(folder):
        if name.startswith("done."):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                found.append(f.read())
    return found


@pytest.mark.parametrize("words,state,said", [
    ("exit 0", "accepted", "queued as 17"), ("exit 1", "refused", "bad page"), ("exit 67", "refused", "no such number"),
    ("hang", "in doubt", "took too long"), ("children", "in doubt", "took too long"), ("signal", "in doubt", "ended by a signal"),
])
def test_what_a_program_says(house, words, state, said):
    send(house, "ann", "go.fax", words)
    house.quiet()
    row = row_of(house, "ann")
    assert row["state"] == state and said in row["detail"], row
    if state == "accepted":
        (sheet,) = kept(house)
        head, _, body = sheet.partition("\n\n")
        assert body.strip() == "Fax for Ann: exit 0"
        message = email.message_from_string(sheet)
        assert message["To"] == "+15550177" and message["Message-Id"] == row["id"] and message["Lead"] == "ann"
    if words == "exit 67":          # EX_NOUSER: nothing more goes to that number
        house.event("ann", "go.fax")
        house.quiet()
        assert row_of(house, "ann") == row


def test_a_program_that_says_later(house):
    send(house, "ann", "go.fax", "exit 75")
    house.quiet()
    row = row_of(house, "ann")
    assert row["state"] == "released" and row["attempts"] == 1 and "line busy" in row["detail"]
    house.forward(hours=1)
    assert row_of(house, "ann")["state"] == "accepted" and row_of(house, "ann")["attempts"] == 2


def test_a_program_that_talks_without_end(house):
    send(house, "ann", "go.fax", "much")
    house.quiet()
    assert row_of(house, "ann")["state"] in ("accepted", "in doubt", "refused")
    assert house.resident_kib() < 200_000


def test_no_process_is_left_and_no_descriptor(house):
    before = house.descriptors()
    for i in range(30):
        send(house, "l%d" % i, "go.fax", "exit 0")
    house.quiet()
    assert len(kept(house)) == 30
    assert house.descriptors() <= before + 1
    with open("/proc/%d/task/%d/children" % (house.process.pid, house.process.pid), encoding="ascii") as f:
        assert f.read().strip() == ""


def test_a_spool_folder_holds_whole_files(house):
    for i in range(20):
        send(house, "l%d" % i, "go.letter", "<b>bold & \"quoted\"</b>")
    send(house, "ann", "go.mail", "hello")
    house.quiet()
    names = os.listdir(house.path("letters", "new"))
    assert len(names) == 20 and os.listdir(house.path("letters", "tmp")) == []
    assert sorted(name.split(".")[0] for name in names) == sorted(row["id"] for row in house.outbox("accepted") if row["channel"] == "letter")
    with open(house.path("letters", "new", names[0]), encoding="utf-8") as f:
        text = f.read()
    assert "&lt;b&gt;bold &amp;" in text and "text/html" in text
    assert not stat.S_IMODE(os.stat(house.path("letters", "new", names[0])).st_mode) & 0o007
    (name,) = os.listdir(house.path("mails", "new"))
    assert name.endswith(".eml")
    with open(house.path("mails", "new", name), "rb") as f:
        message = parse(f.read())
    assert message.defects == [] and message["To"] == "Ann <ann@customer.example>"


def test_a_spool_folder_that_is_gone_for_a_while(house):
    os.rename(house.path("letters"), house.path("elsewhere"))
    house.write("letters", "a file is in the way: it can't be made again\n")
    send(house, "ann", "go.letter", "hello")
    until(lambda: row_of(house, "ann")["attempts"], 10, "a try")
    assert "letters" in row_of(house, "ann")["detail"]
    os.unlink(house.path("letters"))
    os.rename(house.path("elsewhere"), house.path("letters"))
    until(lambda: house.status()["quiet"], 20, "the pause to end")
    house.forward(hours=1)
    assert row_of(house, "ann")["state"] == "accepted"
    assert len(os.listdir(house.path("letters", "new"))) == 1


def test_a_webhook_is_signed_and_says_what_happened(house, hooks):
    house.put_lead("ann", email="ann@customer.example", first_name="Änn")
    house.event("ann", "go.hook", amount=12.5)
    house.quiet()
    ((headers, body, path),) = hooks.calls
    assert path == "/hook" and headers["Content-Type"] == "application/json" and headers["X-From"] == "tests"
    assert hooks.verify(headers, body)
    assert not hooks.verify(headers, body + b" ")
    said = json.loads(body)
    assert said["lead"] == "ann" and said["campaign"] == "hooks" and said["id"] == headers["webhook-id"] == headers["Idempotency-Key"]
    assert said["data"]["amount"] == 12.5 and said["data"]["list"] == 'a "quoted" name'
    assert row_of(house, "ann")["state"] == "accepted"


def hang_up(handler):
    handler.close_connection = True
    handler.connection.close()


@pytest.mark.parametrize("answer,state", [
    ((200, {}, b"{}"), "accepted"), ((500, {}, b"oops"), "again"), ((429, {"Retry-After": "7200"}, b""), "again"),
    ((408, {}, b""), "again"), ((404, {}, b"who?"), "refused"), ((301, {"Location": "http://127.0.0.1:1/"}, b""), "refused"),
    (hang_up, "again"),
], ids=["200", "500", "429", "408", "404", "301", "hang up"])
def test_what_a_webhook_answers(house, hooks, answer, state):
    hooks.answers.append(answer)
    house.put_lead("ann", email="ann@customer.example")
    house.event("ann", "go.hook", amount=1)
    house.quiet()
    row = row_of(house, "ann")
    if state != "again":
        assert row["state"] == state, row
        return
    assert row["state"] == "released" and row["attempts"] == 1, row
    if callable(answer):
        assert row["detail"]
    elif answer[0] == 429:
        house.forward(minutes=110)
        assert len(hooks.calls) == 1          # it had asked for two hours
    house.forward(hours=1)
    assert row_of(house, "ann")["state"] == "accepted"
    assert len(hooks.calls) == 2
    first, second = hooks.calls
    assert first[0]["webhook-id"] == second[0]["webhook-id"] and first[1] == second[1]


def test_a_webhook_that_doesnt_answer(house, hooks):
    import threading
    go = threading.Event()
    hooks.answers.append(lambda handler: (go.wait(20), hang_up(handler)))
    house.put_lead("ann", email="ann@customer.example")
    house.event("ann", "go.hook", amount=1)
    until(lambda: row_of(house, "ann")["attempts"], 10, "the time-out")
    go.set()
    house.forward(hours=1)
    assert row_of(house, "ann")["state"] == "accepted"


@pytest.mark.parametrize("status,body,state,more", [
    (201, {"sid": "SM123"}, "accepted", 1), (400, {"code": 21211, "message": "not a number"}, "refused", 0),
    (400, {"code": 21602, "message": "no body"}, "refused", 1), (429, {"code": 20429}, "released", 1), (503, {}, "released", 1),
    (401, {"code": 20003}, "released", 1),
])
def test_what_a_gateway_answers(house, hooks, status, body, state, more):
    hooks.answers.append((status, {"Content-Type": "application/json"}, json.dumps(body).encode()))
    send(house, "ann", "go.text", "hello & goodbye + äöü")
    house.quiet()
    row = row_of(house, "ann")
    assert row["state"] == state and str(status) in row["detail"], row
    headers, content, path = hooks.calls[0]
    assert path == "/2010-04-01/Accounts/AC123/Messages.json"
    assert headers["Authorization"].startswith("Basic ")
    assert content == (b"To=%2B15550188&From=%2B15550100&Body=SMS%20for%20Ann%3A%20hello%20%26%20goodbye%20%2B%20%C3%A4%C3%B6%C3%BC"), content
    if state == "accepted":
        assert row["remote_id"] == "SM123"
    if state != "released":
        house.event("ann", "go.text")
        house.quiet()
        assert len(hooks.calls) == 1 + more      # a number that doesn't exist isn't called again


def test_providers_of_the_project_are_used():
    assert sorted(os.listdir(os.path.join(SOURCE, "contrib", "providers"))) >= ["kannel.yaml", "twilio.yaml"]


# ---- what people send us ----

TALK = {"talk.yaml": """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield", phone: "+1 555 0100" }
  time_zone: UTC
  consent: { sms: opt_in }
---
campaign: answers
enter: { on: sms.replied }
again: always
steps: [ tag: answered ]
"""}


def consent_of(house, lead):
    return house.get("/v1/leads/" + lead)["consent"].get("sms", {}).get("state")


def test_stop_and_start_through_a_real_gateway(build_house, ending, tmp_path):
    house = build_house(rules=TALK, channels={"sms": {"type": "http", "provider": "kannel", "settings": {
        "url": "http://127.0.0.1:9/", "username": "n", "password_file": "hook-key", "from": "18025550142",
        "inbound_key_file": "token-metrics"}}}).start()
    key = SECRET + "token-metrics"
    kannel = ending(Kannel(str(tmp_path / "kannel"),
                           "http://127.0.0.1:%d/in/sms?key=%s&from=%%p&text=%%a&id=%%I" % (house.port, key)))
    house.put_lead("ann", phone="+1 555 010-1234")
    house.put_lead("ben", phone="+15550101234")
    kannel.say("+15550101234", "Start")
    until(lambda: consent_of(house, "ann") == "given", 10, "START")
    assert consent_of(house, "ben") == "given"
    consent = house.get("/v1/leads/ann")["consent"]["sms"]
    assert consent["how"] == "START by text message" and consent["from"] == "from +15550101234"
    kannel.say("15550101234", "STOP")
    until(lambda: consent_of(house, "ann") == "refused", 10, "STOP")
    assert consent_of(house, "ben") == "refused"
    kannel.say("+15550101234", "What does it cost?")
    until(lambda: "answered" in house.get("/v1/leads/ann").get("tags", []), 10, "an answer")
    assert "What does it cost?" in json.dumps(house.get("/v1/leads/ann/timeline"))
    assert consent_of(house, "ann") == "refused"
    assert kannel.messages() == []      # nothing of ours went back to them
    path = "/in/sms?from=%2B15550101234&text=START"
    for refused in (path, path + "&key=", path + "&key=" + key[:-1], path + "&key=x" + key):
        assert house.ask("plain", "GET", refused).status == 403
    assert house.ask("plain", "POST", path + "&key=" + key).status == 405
    assert house.ask("plain", "GET", "/in/sms?text=START&key=" + key).status == 400
    for nothing in ("/in/email", "/in/webhook", "/in/", "/in"):
        assert house.ask("plain", "GET", nothing + "?from=%2B15550101234&text=START&key=" + key).status == 404
    assert consent_of(house, "ann") == "refused"
    answer = house.ask("plain", "GET", path + "&id=a1&key=" + key)
    assert answer.status == 200 and answer.text == ""
    assert consent_of(house, "ann") == "given"


def test_twilio_signs_what_it_brings(build_house):
    house = build_house(rules=TALK, channels={"sms": {"type": "http", "provider": "twilio", "settings": {
        "account": "AC1", "token_file": "hook-key", "from": "+15550100"}}}).start()
    house.put_lead("ann", phone="+1 555 010-1234")
    token = SECRET + "hook-key"

    def bring(body, url=PUBLIC + "/in/sms", **more):
        form = dict({"From": "+15550101234", "To": "+15550100", "Body": body, "MessageSid": "SM" + body, "NumMedia": "0",
                     "ToCountry": "US", "ToState": "", "SmsMessageSid": "x", "ToCity": "", "FromZip": "", "SmsSid": "x",
                     "FromState": "", "SmsStatus": "received", "FromCity": "", "FromCountry": "US", "ToZip": "",
                     "NumSegments": "1", "AccountSid": "AC1", "ApiVersion": "2010-04-01"}, **more)
        signed = url + "".join(name + form[name] for name in sorted(form))
        mac = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
        return house.ask("plain", "POST", "/in/sms", urllib.parse.urlencode(form), {
            "Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": mac})

    answer = bring("START ✓")
    assert answer.status == 200 and answer.text == ""
    assert consent_of(house, "ann") == "given"
    assert bring("Stop").status == 200 and consent_of(house, "ann") == "refused"
    assert bring("START ✓").status == 200 and consent_of(house, "ann") == "refused"      # a repetition
    assert bring("Start", url="http://elsewhere.example/in/sms").status == 403
    assert consent_of(house, "ann") == "refused"


# ---- every channel, and the words of each lead's locale ----

EVERY = ["email", "sms", "voice", "fax", "letter", "push", "social", "carrier-pigeon"]
ENDINGS = {"email": "md", "letter": "html"}
LOCALES = {"ann": ("de-AT", "de-AT"), "ben": ("de_at", "de-AT"), "cem": ("de-CH", "de"), "dee": ("de", "de"), "eva": ("DE", "de"),
           "fay": ("fr-FR", "plain"), "gil": (None, "plain"), "hal": ("x", "plain"), "ida": ("de-AT-1996", "de-AT")}


def test_every_channel_sends_the_words_of_a_leads_locale(build_house):
    templates = {}
    for channel in EVERY:
        front = "---\nsubject: Note\n---\n" if channel == "email" else ""
        for locale in ("", ".de", ".de-AT"):
            words = "{} {{{{ first_name }}}} has {}.\n".format(channel, locale[1:] or "plain")
            ending = ENDINGS.get(channel, "txt")
            templates["note/%s%s.%s" % (channel, locale, ending)] = front + ("<p>%s</p>" % words if ending == "html" else words)
    rules = """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield", phone: "+1 555 0100" }
  time_zone: UTC
  consent: { %s }
---
events: { go.all: {} }
---
campaign: everywhere
enter: { on: go.all }
steps: [ %s ]
""" % (", ".join(channel + ": opt_out" for channel in EVERY), ", ".join("%s: note" % channel for channel in EVERY))
    house = build_house(rules={"all.yaml": rules}, templates=templates, channels={
        channel: {"type": "spool", "path": "out/" + channel} for channel in EVERY}).start()
    for lead, (locale, _) in LOCALES.items():
        fields = {"locale": locale} if locale else {}
        send(house, lead, "go.all", **fields)
    house.quiet()
    for channel in EVERY:
        folder = house.path("out", channel, "new")
        found = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                content = f.read()
            if channel == "email":
                mail = parse(content.encode())
                lead, text = mail["To"].addresses[0].username, mail.get_body(("plain",)).get_content()
                assert ("Abmelden" in text) == ("has de" in text)       # the standard layout speaks it, too
            else:
                head, text = content.split("\n\n", 1)
                lead = re.search("(?m)^Lead: (.*)$", head).group(1)
                assert ("text/html" in head) == (channel == "letter") and "Channel: %s\n" % channel in head
            assert lead not in found
            found[lead] = re.search(r"([\w-]+) Ann has ([\w-]+)\.", text).groups()
        assert found == {lead: (channel, locale) for lead, (_, locale) in LOCALES.items()}
