"""What a relay can do to a message, stage by stage, and what becomes of it: sent later, refused for good, or in doubt; TLS and AUTH."""
import datetime
import ssl
import subprocess

import pytest

from house import free_port, instant, until
from sinks import CountingSink
from volume import RULES, TEMPLATES, email_channel, post_events, put_leads

LATER, REFUSED, BOUNCED, DOUBT = "later", "refused", "bounced", "in doubt"

# (stage, what the relay does there, what becomes of the message)
TABLE = [
    ("HELLO", "drop", LATER), ("HELLO", "421 4.3.2 busy", LATER), ("HELLO", "554 5.7.1 not you", LATER),
    ("EHLO", "drop", LATER), ("EHLO", "421 4.3.2 busy", LATER),
    ("MAIL", "drop", LATER), ("MAIL", "421 4.3.2 closing", LATER), ("MAIL", "451 4.3.0 later", LATER),
    ("MAIL", "452 4.3.1 full", LATER), ("MAIL", "550 5.7.1 not from you", REFUSED), ("MAIL", "553 5.1.7 odd sender", REFUSED),
    ("RCPT", "drop", LATER), ("RCPT", "421 4.3.2 closing", LATER), ("RCPT", "450 4.2.1 greylisted", LATER),
    ("RCPT", "452 4.2.2 mailbox full", LATER), ("RCPT", "550 5.1.1 no such user", BOUNCED), ("RCPT", "550 no such user", BOUNCED),
    ("RCPT", "550 5.7.1 policy", REFUSED), ("RCPT", "552 5.2.2 mailbox full for good", REFUSED), ("RCPT", "553 5.1.3 no address", BOUNCED),
    ("DATA", "drop", LATER), ("DATA", "421 4.3.2 closing", LATER), ("DATA", "451 4.3.0 later", LATER), ("DATA", "554 5.5.1 no", REFUSED),
    ("DOT", "421 4.3.2 closing", LATER), ("DOT", "451 4.3.0 later", LATER), ("DOT", "452 4.3.1 full", LATER),
    ("DOT", "554 5.6.0 spam", REFUSED), ("DOT", "552 5.3.4 too big", REFUSED), ("DOT", "drop", DOUBT),
]


def states(house):
    return {row["lead"]: row for state in ("released", "handed", "accepted", "refused", "in_doubt") for row in house.outbox(state)}


@pytest.fixture
def mailing(build_house, sink):
    """Five leads, one connection."""
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 1)).start()
    put_leads(house, 5)
    return house


def refuse_data(sink, stage, action):
    """A server whose RCPT said no has no recipient for DATA."""
    if stage == "RCPT" and action[0] in "45":
        sink.script["DATA"].extend([""] * len(sink.script["RCPT"]))
        sink.script["DATA"][-1] = "554 5.5.1 no valid recipients"


def check_other_four(house, sink, victim):
    rows = states(house)
    ids = sink.ids()
    for lead, row in rows.items():
        if lead != victim:
            assert row["state"] == "accepted" and ids[row["id"]] == 1, row


# to the first message of a connection, or to the third of five; each connection has one greeting
CASES = [(*row, position) for row in TABLE for position in (0, 2) if not position or row[0] not in ("HELLO", "EHLO")]


@pytest.mark.parametrize("stage,action,outcome,position", CASES, ids=["%s %s at %d" % (c[0], c[1][:9], c[3]) for c in CASES])
def test_what_the_relay_says(mailing, sink, stage, action, outcome, position):
    sink.script[stage].extend([""] * position + [action])
    refuse_data(sink, stage, action)
    post_events(mailing, 5)

    def settled():
        status = mailing.status()
        return status if status["quiet"] and status["waiting"] == 0 else None
    until(settled, 15, "all outcomes")
    rows = states(mailing)
    if position and stage == "MAIL" and action.split()[0] in ("drop", "421"):
        # the relay has had enough of this session, not of the message: the next session begins with it, and no try is counted
        check_other_four(mailing, sink, victim=None)
        assert {row["attempts"] for row in rows.values()} == {1}
        return
    # which message was hit: the one that isn't accepted, or that took a second try
    hit = [row for row in rows.values() if row["state"] != "accepted" or row["attempts"] > 1]
    assert len(hit) == 1, rows
    row = hit[0]
    if outcome == LATER:
        assert row["state"] == "released" and row["attempts"] == 1, row
        mailing.advance(mailing.now + datetime.timedelta(hours=1))
        rows = states(mailing)
        assert rows[row["lead"]]["state"] == "accepted" and rows[row["lead"]]["attempts"] == 2
        assert sink.ids()[row["id"]] == 1
    elif outcome == DOUBT:
        assert row["state"] == "in doubt", row
        mailing.forward(days=3)
        assert sink.ids()[row["id"]] == 0 and len(sink.turned_away) == 1
    else:
        assert row["state"] == "refused" and row["attempts"] == 1, row
        assert action.split()[-1] in row["detail"] and action[:3] in row["detail"]
        mailing.forward(days=3)
        assert sink.ids()[row["id"]] == 0
    check_other_four(mailing, sink, row["lead"])
    # a bounced address gets nothing more, and whoever asks is told why
    post_events(mailing, 5, round=1)
    mailing.quiet()
    again = [received for received in sink.received if row["to"].encode() in received.recipient]
    assert len(again) == {LATER: 2, DOUBT: 1, REFUSED: 1, BOUNCED: 0}[outcome]


def test_rcpt_refused_for_now_but_data_taken_all_the_same(mailing, sink):
    """Some servers say 354 without a recipient; what they take then went nowhere."""
    sink.script["RCPT"].append("450 4.2.1 greylisted")
    post_events(mailing, 1)
    mailing.quiet()
    row = states(mailing)["l00000"]
    assert row["state"] == "released" and row["attempts"] == 1
    mailing.forward(hours=1)
    assert states(mailing)["l00000"]["state"] == "accepted"
    assert b"version one" in sink.received[-1].raw


def test_no_answer_to_the_end_of_a_message_is_in_doubt(build_house, sink):
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 1, timeout="1 second")).start()
    put_leads(house, 1)
    sink.script["DOT"].append("silent")
    post_events(house, 1)
    house.quiet(20)                                   # five times the time-out: RFC 5321, 4.5.3.2.6
    assert states(house)["l00000"]["state"] == "in doubt"
    post_events(house, 1, "receipt.wanted")
    house.quiet()
    assert sink.count() == 1


def test_no_answer_before_the_body_is_a_try(build_house, sink):
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 1, timeout="1 second")).start()
    put_leads(house, 1)
    sink.script["MAIL"].append("silent")
    post_events(house, 1)
    house.quiet(20)
    row = states(house)["l00000"]
    assert row["state"] == "released" and row["attempts"] == 1
    house.forward(hours=1)
    assert states(house)["l00000"]["state"] == "accepted"


def test_pauses_grow_and_survive_a_restart(build_house, sink):
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 1)).start()
    put_leads(house, 1)
    sink.script["MAIL"].extend(["451 4.3.0 later"] * 19)
    post_events(house, 1)
    pauses = []
    for i in range(19):
        status = house.quiet()
        at = instant(status["next_try"])
        if i in (1, 7):
            house.kill()
            house.start()
            assert instant(house.quiet()["next_try"]) == at
        pauses.append((at - house.now).total_seconds())
        house.set_clock(at)
    house.quiet()
    wanted = [min(60 * 2 ** i, 4 * 3600) for i in range(19)]
    assert all(most / 2 - 1 <= pause <= most + 1 for pause, most in zip(pauses, wanted)), pauses
    assert len({round(pause / most, 3) for pause, most in zip(pauses, wanted)}) > 5      # jitter
    row = states(house)["l00000"]
    assert row["state"] == "accepted" and row["attempts"] == 20
    assert sink.count() == 1


def test_after_twenty_tries_it_is_given_up(mailing, sink):
    sink.script["MAIL"].extend(["451 4.3.0 later"] * 30)
    post_events(mailing, 1)
    mailing.advance(mailing.now + datetime.timedelta(days=5))
    row = states(mailing)["l00000"]
    assert row["state"] == "refused" and row["attempts"] == 20 and "451" in row["detail"]
    assert len(sink.script["MAIL"]) == 10


def test_a_relay_that_is_down_for_a_while(build_house, ending):
    port = free_port()

    class Nobody:
        pass
    Nobody.port = port
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(Nobody, 4)).start()
    put_leads(house, 30)
    post_events(house, 30)
    until(lambda: house.status()["channels"][0]["temporary"] >= 1, 10, "a first failure")
    assert house.status()["channels"][0]["temporary"] <= 8    # not every message is tried in vain
    # a failure that is only stored when the clock has moved on would be tried again later than we look
    until(lambda: not house.outbox("handed") and any(row["attempts"] for row in house.outbox("released")), 10, "failures kept")
    sink = ending(CountingSink(port))
    until(lambda: sink.count() >= 30 - 4, 20, "all but what each connection had tried")
    house.forward(minutes=10)
    assert {row["state"] for row in states(house).values()} == {"accepted"}
    assert max(sink.ids().values()) == 1


def test_rate_and_connections_are_kept(build_house, sink):
    import time
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 2, rate="40 per second")).start()
    put_leads(house, 100)
    began = time.monotonic()
    post_events(house, 100)
    house.quiet(20)
    took = time.monotonic() - began
    assert sink.count() == 100
    assert took >= (100 - 40 - 1) / 40 * 0.95, "100 messages at 40 a second in %.2f s" % took
    assert sink.connections <= 4


# ---- TLS and AUTH, against aiosmtpd ----

aiosmtpd = pytest.importorskip("aiosmtpd.controller")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority of our own and certificates for localhost and for another host."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=Test authority", "-days", "2")
    for name in ("localhost", "other.example"):
        (folder / (name + ".ext")).write_text("subjectAltName=DNS:%s\n" % name)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", name + ".key", "-out", name + ".csr",
                "-subj", "/CN=" + name)
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", name + ".pem",
                "-days", "2", "-extfile", name + ".ext")
    return folder


class TlsSink:
    """aiosmtpd with STARTTLS and AUTH."""

    def __init__(self, certificates=None, name="localhost", password=None):
        from aiosmtpd.smtp import AuthResult
        sink = self
        self.messages = []       # (over TLS, user)

        class Handler:
            async def handle_DATA(self, server, session, envelope):
                sink.messages.append((session.ssl is not None, bool(session.authenticated)))
                return "250 2.0.0 taken"

        def authenticate(server, session, envelope, mechanism, data):
            good = data.login == b"nurtured" and data.password == password.encode()
            return AuthResult(success=good, handled=False)

        options = {}
        if certificates is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / (name + ".pem"), certificates / (name + ".key"))
            options.update(tls_context=context)
        if password is not None:
            options.update(authenticator=authenticate, auth_required=True, auth_require_tls=certificates is not None)
        self.port = free_port()
        self.controller = aiosmtpd.Controller(Handler(), hostname="127.0.0.1", port=self.port, **options)
        self.controller.start()

    def close(self):
        self.controller.stop()


def send_one(build_house, sink, **channel):
    """Sends one message to "localhost"; its row."""
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 1, host="localhost", timeout="5 seconds", **channel))
    house.write("smtp-password", "correct horse\n")
    house.write("wrong-password", "wrong horse\n")
    house.start()
    put_leads(house, 1)
    post_events(house, 1)

    def tried():
        row = states(house).get("l00000")       # or it was on its way from one state to the next
        return row if row and row["attempts"] else None
    return until(tried, 15, "a try")


def test_starttls_with_a_trusted_certificate(build_house, ending, certificates):
    sink = ending(TlsSink(certificates))
    row = send_one(build_house, sink, tls="starttls", ca_file=str(certificates / "ca.pem"))
    assert row["state"] == "accepted", row
    assert sink.messages == [(True, False)]


@pytest.mark.parametrize("name,ca,why", [("localhost", False, "trusted"), ("other.example", True, "another host")])
def test_starttls_required_means_to_somebody_known(build_house, ending, certificates, name, ca, why):
    sink = ending(TlsSink(certificates, name))
    more = {"ca_file": str(certificates / "ca.pem")} if ca else {}
    row = send_one(build_house, sink, tls="starttls", **more)
    assert row["state"] == "released" and why in row["detail"], row
    assert sink.messages == []


def test_starttls_required_but_not_offered(build_house, ending):
    sink = ending(TlsSink())
    row = send_one(build_house, sink, tls="starttls")
    assert row["state"] == "released" and "STARTTLS" in row["detail"], row
    assert sink.messages == []


def test_starttls_if_offered_takes_what_there_is(build_house, ending, certificates):
    with_tls, without = ending(TlsSink(certificates, "other.example")), ending(TlsSink())
    assert send_one(build_house, with_tls, tls="if_offered")["state"] == "accepted"
    assert send_one(build_house, without, tls="if_offered")["state"] == "accepted"
    assert with_tls.messages == [(True, False)] and without.messages == [(False, False)]


def test_login(build_house, ending, certificates):
    sink = ending(TlsSink(certificates, password="correct horse"))
    row = send_one(build_house, sink, tls="starttls", ca_file=str(certificates / "ca.pem"), auth_user="nurtured",
                   auth_password_file="smtp-password")
    assert row["state"] == "accepted", row
    assert sink.messages == [(True, True)]


def test_login_with_a_wrong_password_says_so(build_house, ending, certificates):
    sink = ending(TlsSink(certificates, password="correct horse"))
    row = send_one(build_house, sink, tls="starttls", ca_file=str(certificates / "ca.pem"), auth_user="nurtured",
                   auth_password_file="wrong-password")
    assert row["state"] == "released", row             # a person will mend it: nothing is lost
    assert "wrong horse" not in row["detail"] and "535" in row["detail"], row
    assert sink.messages == []
