"""What the machine does to the daemon, and what systemd is told: a full disk, the notification socket, signals."""
import datetime
import os
import resource
import select
import socket
import time

import pytest

from house import SLOW, stamp, until
from volume import RULES, TEMPLATES, email_channel, post_events, put_leads
import json


# ---- rates ----

def test_a_rate_of_the_rules_is_kept_whatever_is_reloaded_and_restarted(build_house, sink):
    def rules(rate):
        return {"rates.yaml": RULES["all.yaml"].replace("policy:\n", "policy:\n  rates: { email: %s }\n" % rate)}

    def sent():
        house.quiet()
        return len(sink.received)

    def held():
        return house.status()["channels"][0]["held_until"]

    house = build_house(rules=rules("4 per hour"), templates=TEMPLATES, channels=email_channel(sink, 2)).start()
    began = house.now
    put_leads(house, 12)
    post_events(house, 12)
    assert sent() == 4
    assert held() == stamp(began + datetime.timedelta(hours=1))
    house.forward(minutes=59)
    assert sent() == 4
    house.kill()
    house.start()
    assert sent() == 4
    house.write_all(rules("6 per hour"), "rules")
    house.control("POST", "reload")
    until(lambda: sent() == 6)
    house.forward(minutes=1)
    assert sent() == 10
    house.forward(minutes=59)
    assert sent() == 12
    assert held() is None
    assert len({received.recipient for received in sink.received}) == 12


# ---- a full disk ----

FILE_MOST = 4 << 20


def post_batch(house, round, n=100):
    """With ids, so that it can be sent again; as good clients do, until it is answered."""
    lines = "".join(json.dumps({"id": "%d-%d" % (round, i), "lead": "l%05d" % i, "event": "blast.sent", "properties": {"n": i}}) + "\n"
                    for i in range(n))
    return house.api("POST", "/v1/events", lines, Content_Type="application/x-ndjson")


def test_a_full_disk_is_survived(build_house, sink):
    """No file may grow beyond 4 MiB: writing to the store fails as on a full disk."""
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 2))
    house.limits = (resource.RLIMIT_FSIZE, (FILE_MOST, resource.RLIM_INFINITY))
    house.start()
    put_leads(house, 100)
    refused = None
    for round in range(200):
        answer = post_batch(house, round)
        if answer.status == 503:
            refused = round
            break
        assert answer.status == 200, answer
    assert refused is not None, "the store never got full"
    assert answer.headers["Retry-After"] is not None
    assert answer.json["failed"] > 0 and answer.json["failed"] + answer.json["stored"] == 100, answer

    # what is small may still find a place: fill that, too
    until(lambda: house.api("PUT", "/v1/leads/new", {"first_name": "x" * 4000}).status == 503, 20, "the last byte to be taken")
    status = until(lambda: house.status() if house.status()["alarms"] else None, 10, "an alarm")
    assert status["state"] == "in trouble" and not status["quiet"]
    assert house.ask("health", "GET", "/healthz").status == 503
    assert "can't keep anything" in house.log()
    assert post_batch(house, refused).status == 503
    sent = sink.count()
    assert set(sink.ids().values()) <= {1}

    resource.prlimit(house.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def taken():
        answer = post_batch(house, refused)
        return answer if answer.status == 200 else None
    again = until(taken, 20, "the store to work again").json
    assert again["stored"] + again["duplicate"] == 100
    status = house.quiet(30)
    assert status["state"] == "running" and status["alarms"] == []
    assert house.ask("health", "GET", "/healthz").status == 200
    assert "keeps things again" in house.log()
    wanted = (refused + 1) * 100
    assert sink.count() == wanted >= sent and set(sink.ids().values()) == {1}
    assert len(house.outbox("accepted")) == wanted
    assert house.stop() == 0


# ---- systemd ----

class Notified:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.messages = []

    def wait(self, word, seconds=10):
        """Until a message with such a line comes; its lines as a dictionary."""
        end = time.monotonic() + seconds * SLOW
        while time.monotonic() < end:
            ready, _, _ = select.select([self.socket], [], [], max(0, end - time.monotonic()))
            if not ready:
                break
            lines = dict(line.split("=", 1) for line in self.socket.recv(65536).decode().splitlines())
            self.messages.append(lines)
            if word in lines:
                return lines
        raise AssertionError("no %s in %s" % (word, self.messages))

    def close(self):
        self.socket.close()


@pytest.fixture
def notified(tmp_path, ending):
    return ending(Notified(str(tmp_path)))


def test_systemd_is_told(build_house, sink, notified):
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 1))
    house.environment = {"NOTIFY_SOCKET": notified.path, "WATCHDOG_USEC": "400000"}
    house.start()
    assert notified.wait("READY")["READY"] == "1"
    first = time.monotonic()
    notified.wait("WATCHDOG")
    notified.wait("WATCHDOG")
    assert time.monotonic() - first < 2 * SLOW

    before = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
    house.control("POST", "reload")
    reloading = notified.wait("RELOADING")
    assert reloading["RELOADING"] == "1" and int(reloading["MONOTONIC_USEC"]) >= before - 1
    assert notified.wait("READY")["STATUS"] == "running"

    house.write("rules/all.yaml", "campaign: [\n")
    assert house.ask("control", "POST", "/control/reload").status == 409
    notified.wait("RELOADING")
    assert "refused" in notified.wait("READY")["STATUS"]

    house.forget_connections()
    house.process.terminate()
    assert notified.wait("STOPPING")["STOPPING"] == "1"
    assert house.process.wait(10 * SLOW) == 0


def test_it_isnt_ready_before_it_is(build_house, sink, notified):
    house = build_house(rules={"all.yaml": "campaign: [\n"}, templates=TEMPLATES, channels=email_channel(sink, 1))
    house.environment = {"NOTIFY_SOCKET": notified.path}
    house.start(wait=False)
    assert house.process.wait(10 * SLOW) == 1
    notified.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        notified.socket.recv(100)
    assert "all.yaml" in house.log()
    assert not os.path.exists(house.path("store.db"))     # nothing was touched


def test_a_socket_from_systemd_is_taken(build_house, sink):
    """Socket activation: descriptor 3 listens already."""
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 1))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    port = listening.getsockname()[1]

    def hand_over():
        os.dup2(listening.fileno(), 3)
        os.environ["LISTEN_PID"] = str(os.getpid())
    house.prepare_child = hand_over
    # LISTEN_PID must be the daemon's own: a shell sets it and becomes the daemon
    house.environment = {"LISTEN_FDS": "1"}
    import subprocess
    from house import BUILD, stamp
    command = 'LISTEN_PID=$$ exec "$0" "$@"'
    with open(house.log_path, "ab") as log:
        house.process = subprocess.Popen(["/bin/sh", "-c", command, os.path.join(BUILD, "nurtured"), "-c", house.config_path,
                                          "--clock-manual", "--clock-start", stamp(house.now)],
                                         stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=house.folder, preexec_fn=hand_over,
                                         pass_fds=(3,), env=dict(os.environ, LISTEN_FDS="1"))
    listening.close()
    house.wait_until_up()
    assert house.port == port
    assert house.ask("health", "GET", "/healthz").status == 200
    assert house.stop() == 0


def test_idle_it_does_nothing(build_house, sink):
    """No timer ticks when nothing is due: an idle daemon uses no processor time."""
    house = build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 4)).start()
    put_leads(house, 5)
    post_events(house, 5)
    house.quiet()
    until(lambda: not sink.open, 10, "the connections to close")
    house.forget_connections()

    def ticks():
        with open("/proc/%d/stat" % house.process.pid, encoding="ascii") as f:
            return sum(int(n) for n in f.read().rpartition(")")[2].split()[11:13])

    def switches():
        total = 0
        for task in os.listdir("/proc/%d/task" % house.process.pid):
            with open("/proc/%d/task/%s/status" % (house.process.pid, task), encoding="ascii") as f:
                total += sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)
        return total
    select.select([], [], [], 0.2)
    before = ticks(), switches()
    select.select([], [], [], 1.0)       # nothing to wait for: what is measured is that nothing happens
    assert ticks() - before[0] <= 1
    if SLOW == 1:           # sanitizers have a thread of their own
        assert switches() - before[1] <= 10
