"""kill -9 and SIGTERM while thousands of messages go out: nothing is lost, nothing comes twice but what the daemon lists as in doubt."""
import random
import subprocess
import time

import pytest

from house import QUICK, SLOW, until
from volume import RULES, TEMPLATES, blast_size, email_channel, post_events, put_leads

CONNECTIONS = 8
KILLS = 6 if QUICK else 20


def in_doubt(house):
    return {row["id"] for row in house.outbox("in_doubt")}


def check_end(house, sink, n, doubted):
    """The sink's Message-IDs against the store's."""
    accepted = {row["id"] for row in house.outbox("accepted")}
    for state in ("released", "handed", "refused", "cancelled"):
        assert house.outbox(state) == [], state
    arrived = sink.ids()
    assert len(accepted) + len(doubted) == n and not accepted & doubted
    assert accepted <= set(arrived), "lost"
    assert set(arrived) <= accepted | doubted, "came from nowhere"
    assert {id for id, times in arrived.items() if times > 1} <= doubted, "came twice"


@pytest.mark.parametrize("seed", [1])
def test_twenty_kills_while_thousands_go_out(build_house, sink, seed):
    chance = random.Random(seed)
    n = blast_size()
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, CONNECTIONS)).start()
    put_leads(house, n)
    # which kills come while bodies are on the wire without an answer; the others come when so and so many have arrived
    inside = set(chance.sample(range(KILLS), KILLS // 3))
    post_events(house, n)
    doubted = set()
    for kill in range(KILLS):
        at = sink.count() + chance.randint(1, n // (KILLS + 4))
        if kill in inside:
            sink.stall_at = at
            assert sink.stalled.wait(20 * SLOW), "no message stalled"
        else:
            sink.wait(at, 20)
        house.kill()
        sink.stall_at = None
        sink.stalled.clear()
        house.start()
        now = in_doubt(house)
        assert doubted <= now and len(now - doubted) <= CONNECTIONS, "more than one a connection"
        if kill in inside:
            assert now - doubted, "what was cut off inside DATA isn't shown"
        doubted = now
    assert doubted
    house.quiet(30)
    assert in_doubt(house) == doubted
    check_end(house, sink, n, doubted)
    assert house.stop() == 0


def test_service_messages_in_doubt_are_sent_again_under_the_same_name(build_house, sink):
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 2)).start()
    put_leads(house, 10)
    sink.stall_at = 3
    post_events(house, 10, "receipt.wanted")
    assert sink.stalled.wait(10 * SLOW)
    house.kill()
    sink.stall_at = None
    house.start()
    house.quiet()
    arrived = sink.ids()
    assert len(arrived) == 10 and sum(arrived.values()) in (11, 12)   # of each connection the last one
    assert len(house.outbox("accepted")) == 10 and not in_doubt(house)


def test_a_held_message_is_settled_by_news_of_it(build_house, sink):
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 1)).start()
    put_leads(house, 1)
    sink.stall_at = 1
    post_events(house, 1)
    assert sink.stalled.wait(10 * SLOW)
    house.kill()
    sink.stall_at = None
    house.start()
    house.quiet()
    (id,) = in_doubt(house)
    assert sink.ids() == {id: 1}
    answer = house.api("POST", "/v1/outcomes", {"message": id, "outcome": "delivered"})
    assert answer.status == 200, answer
    house.quiet()
    assert not in_doubt(house) and [row["id"] for row in house.outbox("accepted")] == [id]


def test_sigterm_in_the_middle_loses_nothing(build_house, sink):
    n = blast_size() // 2
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, CONNECTIONS)).start()
    put_leads(house, n)
    post_events(house, n)
    for part in (4, 2):
        sink.wait(n // part, 20)
        assert house.stop() == 0
        assert "settles" not in house.log()
        house.start()
        assert not in_doubt(house)
    house.quiet(30)
    check_end(house, sink, n, set())
    assert max(sink.ids().values()) == 1


def test_sigterm_ends_within_its_limit_whatever_the_relay_does(build_house, sink):
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 4), stop_within="1 second").start()
    put_leads(house, 50)
    sink.stall_at = 5
    post_events(house, 50)
    assert sink.stalled.wait(10 * SLOW)
    began = time.monotonic()
    code = house.stop(10)
    assert code == 0 and time.monotonic() - began < 4 * SLOW
    assert "still on the wire" in house.log()
    sink.stall_at = None
    house.start()
    house.quiet()
    doubted = in_doubt(house)
    assert 1 <= len(doubted) <= 4
    check_end(house, sink, 50, doubted)


def test_one_daemon_a_store(build_house, sink):
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink)).start()
    import os
    from house import BUILD, stamp
    second = subprocess.run([os.path.join(BUILD, "nurtured"), "-c", house.config_path, "--clock-manual", "--clock-start",
                             stamp(house.now)], capture_output=True, text=True, timeout=20 * SLOW, check=False)
    assert second.returncode == 1 and "another nurtured is using this store" in second.stderr
    assert house.status()["state"] == "running"
    assert house.stop() == 0
    third = subprocess.run([os.path.join(BUILD, "nurtured"), "-c", house.config_path], capture_output=True, text=True,
                           timeout=20 * SLOW, check=False)
    assert third.returncode == 1 and "virtual time" in third.stderr
    assert until(lambda: True)
