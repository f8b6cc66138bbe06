"""Mail as it arrives: valid to the letter, whatever a lead is called, and with a way out that works."""
import os
import re

import pytest

from house import until
from sinks import id_of
from volume import email_channel

POLICY = """\
policy:
  sender: { name: "Ädä at Exämple", email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: UTC
---
fields:
  note: text
events:
  go.now: {}
  order.placed: {}
---
campaign: letters
enter: { on: go.now }
steps:
  - email: letter
  - wait: 2 days
  - email: letter
  - wait: 2 days
  - email: letter
---
campaign: receipts
enter: { on: order.placed }
again: always
steps:
  - email: receipt
    kind: service
"""
TEMPLATES = {
    "letter/email.md": "---\nsubject: 'News for {{ first_name }}: {{ note }}'\n---\nHello {{ first_name }},\n\n{{ note }}\n\nBye.\n",
    "receipt/email.md": "---\nsubject: Your receipt\n---\nThank you, {{ first_name }}.\n",
}


@pytest.fixture
def mailing(build_house, sink):
    return build_house(rules={"all.yaml": POLICY}, templates=TEMPLATES, channels=email_channel(sink, 1)).start()


def defects_of(message):
    found = []
    for part in message.walk():
        found += part.defects
        for name, value in part.items():
            found += [(name, defect) for defect in value.defects]
    return found


def check_raw(raw):
    """RFC 5322: lines end in CR LF and nothing else, none is longer than 998, and ours hold ASCII only."""
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw), "a bare CR or LF"
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not re.search(rb"[^\x09\x0a\x0d\x20-\x7e]", raw), "octets beyond ASCII"
    head = raw.split(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 300
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    for once in (b"date", b"from", b"to", b"subject", b"message-id", b"mime-version", b"content-type", b"list-unsubscribe"):
        assert names.count(once) <= 1, once
    assert {b"date", b"from", b"to", b"subject", b"message-id", b"mime-version"} <= set(names)


def check_mail(received):
    check_raw(received.raw)
    message = received.message
    assert defects_of(message) == []
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    for part in message.iter_parts():
        assert part.get_content_charset() == "utf-8"
        part.get_content()
    return message


LONG = "a word " * 150 + "x" * 2900
NOTES = {
    "plain": "all is well",
    "umlauts": "Grüße aus Köln, 100 % Öl — „so“",
    "cyrillic and more": "Привет, мир 🎉 你好 " * 20,
    "long lines": LONG,
    "dots": ".\n..\n.leading\n\n.\n",
    "smuggling": "bye\n.\nMAIL FROM:<evil@example.net>\nRCPT TO:<victim@example.net>\nDATA\nSubject: gotcha\n\nhi\n.\n",
    "smuggling with CR": "bye\r\n.\r\nMAIL FROM:<evil@example.net>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\n\r\nhi\r\n.\r\n",
    "bare CR": "one\rtwo\r.\rthree",
    "headers": "x\r\nBcc: victim@example.net\r\n\r\nanother body",
    "html": "<script>alert(1)</script> & <b>bold</b> \"quoted\"",
    "encoded word": "=?utf-8?q?=0d=0aBcc:_victim@example.net?=",
    "trailing blanks": "one   \ntwo\t\n   ",
}


@pytest.mark.parametrize("kind", NOTES)
def test_whatever_the_text_the_mail_is_valid(mailing, sink, kind):
    note = NOTES[kind]
    mailing.put_lead("ann", email="ann@customer.example", first_name="Ann", last_name="Müller", note=note)
    mailing.event("ann", "go.now")
    mailing.quiet()
    (received,) = sink.received
    message = check_mail(received)
    assert message["To"].addresses[0].display_name == "Ann Müller"
    assert message["From"].addresses[0].display_name == "Ädä at Exämple"
    assert message["Bcc"] is None and b"victim" not in received.recipient
    subject = re.sub(r"\s+", " ", str(message["Subject"])).strip()
    assert subject == re.sub(r"\s+", " ", "News for Ann: " + note).strip()
    text, page = (part.get_content() for part in message.iter_parts())
    words = [word for word in note.split() if word.isalnum()]
    assert set(words) <= set(re.split(r"[^\w]+", text)) or kind == "encoded word"
    assert "<script>" not in page
    assert mailing.outbox("accepted")[0]["to"] == "ann@customer.example"


@pytest.mark.parametrize("name", ["Eve\r\nBcc: victim@example.net", "\"quoted\" <other@example.net>", "a, b; c: d@e", "=?x?=", "😀" * 30,
                                  "(comment)", "back\\slash", "word " * 40 + "end"])
def test_whatever_the_name_the_header_is_valid(mailing, sink, name):
    answer = mailing.api("PUT", "/v1/leads/eve", {"email": "eve@customer.example", "first_name": name})
    assert answer.status == 200, answer
    mailing.event("eve", "go.now")
    mailing.quiet()
    (received,) = sink.received
    message = check_mail(received)
    assert len(message["To"].addresses) == 1
    assert message["To"].addresses[0].addr_spec == "eve@customer.example"
    # Without blanks: Python keeps those between two encoded words of a name, which RFC 2047 (6.2) leaves out.
    assert re.sub(r"\s+", "", message["To"].addresses[0].display_name) == re.sub(r"\s+", "", name)
    assert message["Bcc"] is None
    assert received.recipient.upper().startswith(b"RCPT TO:<EVE@CUSTOMER.EXAMPLE>")


@pytest.mark.parametrize("address", ["no-at-sign", "two@at@signs.example", "a b@customer.example", "a@b>\r\nRCPT TO:<c@d", "<x@y.example>", "@x.example"])
def test_addresses_that_arent_are_refused_at_the_door(mailing, sink, address):
    answer = mailing.api("PUT", "/v1/leads/bad", {"email": address})
    assert answer.status == 400 and answer.json["error"]["field"] == "email", answer
    mailing.quiet()
    assert sink.count() == 0


def unsubscribe_url(message):
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return re.fullmatch(r"<(.*)>", message["List-Unsubscribe"]).group(1)


def test_one_click_ends_it(mailing, sink):
    mailing.put_lead("ann", email="Ann@Customer.Example", first_name="Ann")
    mailing.event("ann", "go.now")
    mailing.quiet()
    message = check_mail(sink.received[0])
    url = unsubscribe_url(message)
    assert url in message.get_body(("plain",)).get_content().replace("=\n", "")
    page = mailing.page("GET", url)
    assert page.status == 200 and "method=\"post\"" in page.text and "ann@" not in page.text.lower()
    mailing.forward(days=2, hours=1)
    assert sink.count() == 2                                   # looking changes nothing
    done = mailing.page("POST", url, "List-Unsubscribe=One-Click")
    assert done.status == 200
    assert mailing.page("POST", url, "List-Unsubscribe=One-Click").status == 200
    mailing.forward(days=30)
    assert sink.count() == 2
    mailing.put_lead("ann2", email="ann@customer.example", first_name="Ann again")   # the same address under another name
    mailing.event("ann2", "go.now")
    mailing.forward(days=1)
    assert sink.count() == 2
    mailing.event("ann", "order.placed")
    mailing.quiet()
    assert sink.count() == 3                                   # what was ordered is still confirmed
    receipt = sink.received[2].message
    assert receipt["Subject"] == "Your receipt" and receipt["List-Unsubscribe"] is None
    what = [effect["what"] for row in mailing.get("/v1/leads/ann/timeline?limit=1000")["timeline"] for effect in row["entry"]["effects"]]
    assert "message.skipped" in what


def test_every_message_has_an_id_of_its_own_and_the_parts_match(mailing, sink):
    for i in range(20):
        mailing.put_lead("l%d" % i, email="l%d@customer.example" % i, first_name="L%d" % i)
        mailing.event("l%d" % i, "go.now")
    mailing.quiet()
    messages = [check_mail(received) for received in sink.received]
    assert len({id_of(message) for message in messages}) == 20
    for message in messages:
        who = message["To"].addresses[0].display_name
        text, page = (part.get_content() for part in message.iter_parts())
        assert "Hello %s," % who in text and "Hello %s," % who in page
        assert "Springfield" in text and "Springfield" in page


def test_many_messages_over_one_connection_dont_stall(mailing, sink):
    """libesmtp alone waits 40 ms a message for Nagle's algorithm; our connect() turns it off."""
    import time
    mailing.put_lead("ann", email="ann@customer.example", first_name="Ann", note="x" * 3000)
    for i in range(5):
        mailing.event("ann", "order.placed")
    mailing.quiet()
    before, began = sink.count(), time.monotonic()
    lines = "".join('{"lead": "ann", "event": "order.placed"}\n' for _ in range(400))
    assert mailing.api("POST", "/v1/events", lines, Content_Type="application/x-ndjson").status == 200
    mailing.quiet()
    took = time.monotonic() - began
    assert sink.count() == before + 400
    assert {received.connection for received in sink.received[10:190]} == {sink.received[10].connection}
    from house import SLOW
    assert took / 400 < 0.010 * SLOW, "%.1f ms a message" % (took / 400 * 1000)


# ---- attachments ----

ATTACHING = POLICY.replace("  - email: receipt\n    kind: service\n", """\
  - email: receipt
    kind: service
    attach: [ attachments/price-list.pdf, "attachments/für Österreich/Preise 2026 ’€’.csv" ]
""")


def lay(house, name, content):
    path = house.path("rules/attachments", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)


def attached(received):
    check_raw(received.raw)
    message = received.message
    assert defects_of(message) == []
    assert message.get_content_type() == "multipart/mixed"
    assert [part.get_content_type() for part in message.iter_parts()] == ["multipart/alternative", "application/pdf", "text/csv"]
    assert "Thank you" in message.get_body(("plain",)).get_content()
    return [(part.get_filename(), part.get_payload(decode=True)) for part in message.iter_attachments()]


def test_attachments_arrive_as_they_were_when_it_was_released(build_house, sink):
    first, second, prices = os.urandom(1500000), b"%PDF-1.7\n.\r\n..\r\n\x00\xff", "Größe;Preis\r\nL;1.200,00 €\n".encode()
    house = build_house(rules={"all.yaml": ATTACHING}, templates=TEMPLATES, channels=email_channel(sink, 1))
    lay(house, "price-list.pdf", first)
    lay(house, "für Österreich/Preise 2026 ’€’.csv", prices)
    house.start()
    house.put_lead("ann", email="ann@customer.example", first_name="Ann")
    sink.script["MAIL"].append("451 4.3.0 later")
    assert house.event("ann", "order.placed")
    house.quiet()
    lay(house, "price-list.pdf", second)
    house.control("POST", "reload")
    assert house.event("ann", "order.placed")
    until(lambda: len(sink.received) == 1)
    house.quiet()
    assert house.stop() == 0
    house.start()
    house.forward(hours=1)
    names = ["price-list.pdf", "Preise 2026 ’€’.csv"]
    assert attached(sink.received[0]) == list(zip(names, (second, prices)))
    assert attached(sink.received[1]) == list(zip(names, (first, prices)))

    lay(house, "price-list.pdf", b"x" * (4 << 20) + b"y")
    refused = house.ask("control", "POST", "/control/reload")
    assert refused.status != 200 and "price-list.pdf: this file is too large (more than 4 MiB)" in house.log()
    lay(house, "price-list.pdf", b"x" * (4 << 20))
    lay(house, "für Österreich/Preise 2026 ’€’.csv", b"x" * (2 << 20) + b"y")
    refused = house.ask("control", "POST", "/control/reload")
    assert refused.status != 200 and "these files have 6.0 MiB together; a mail carries at most 6" in house.log()



# ---- double opt-in ----

JOINING = """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield", phone: "+1 555 0100" }
  time_zone: UTC
  consent: { email: opt_in }
---
events: { newsletter.wanted: {} }
---
campaign: joining
enter: { on: newsletter.wanted }
again: always
steps:
  - email: letter
  - email: please-confirm
    kind: service
  - wait_for: email.confirmed
    up_to: 30 days
    then: [ email: letter ]
"""


def test_a_yes_by_mail_needs_the_button(build_house, sink):
    templates = dict(TEMPLATES, **{"please-confirm/email.md": "---\nsubject: One more step\n---\n[Yes, please]({{ confirm_url }})\n"})
    house = build_house(rules={"all.yaml": JOINING.replace("email: letter", "email: receipt")}, templates=templates,
                        channels=email_channel(sink, 1)).start()
    house.put_lead("ann", email="ann@customer.example", first_name="Ann")
    assert house.event("ann", "newsletter.wanted")
    until(lambda: len(sink.received) == 1)
    mail = sink.received[0].message
    assert mail["Subject"] == "One more step" and mail["List-Unsubscribe"] is None
    url, = set(re.findall(r"http://hello\.example/k/[\w-]+", mail.get_body(("plain",)).get_content()))
    assert house.page("GET", url).status == 200
    house.quiet()
    assert len(sink.received) == 1
    assert house.page("POST", url, "confirm=yes").status == 200
    until(lambda: len(sink.received) == 2)
    assert sink.received[1].message["Subject"] == "Your receipt"
    consent = house.get("/v1/leads/ann")["consent"]["email"]
    assert consent["state"] == "given" and consent["how"] == "double opt-in" and id_of(mail) in consent["from"]
    assert house.page("POST", url, "confirm=yes").status == 200
    house.forward(days=29)
    assert house.page("GET", url).status == 200
    house.forward(days=2)
    assert house.page("POST", url, "confirm=yes").status == 410
    assert len(sink.received) == 2
