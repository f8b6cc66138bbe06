"""Whatever arrives on the API's port, and however much of it, the daemon answers others, gives back what it took, and rests."""
import os
import random
import resource
import select
import socket
import struct
import time

import house as houses
from house import SECRET, until

RULES = {"rules.yaml": "events:\n  a.b: { n: number }\n---\ncampaign: c\nenter: { on: a.b }\nsteps: [ tag: t ]\n"}
SEED = int(os.environ.get("NT_SEED", "20261122"))
SECONDS = float(os.environ.get("NT_HAMMER_SECONDS", "4"))
AUTHORIZATION = b"Authorization: Bearer " + SECRET.encode() + b"token-all\r\n"
HEAD = b"POST /v1/events HTTP/1.1\r\nHost: x\r\n" + AUTHORIZATION
EVENT = b'{"lead":"l1","event":"a.b","properties":{"n":1}}'


def framed(body, head=HEAD, kind=b"application/json"):
    return head + b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (kind, len(body), body)


def noise(rng, n):
    return bytes(rng.randrange(256) for _ in range(n))


def bent(rng, data):
    """A request with a few bytes changed, doubled or taken out."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(data))
        data[at:at + rng.randrange(4)] = rng.choice([b"", b"\0", b"\r\n", b"\n", noise(rng, 3), bytes(data[at:at + 9])])
    return bytes(data)


def chunked(rng):
    sizes = rng.choice([b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n", b"-1\r\nx\r\n", b"5\r\nhel", b"zz\r\n\r\n",
                        b"5;a=" + b"b" * 5000 + b"\r\nhello\r\n0\r\n\r\n", b"0\r\nA: " + b"b" * 70000 + b"\r\n\r\n"])
    return HEAD + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + sizes


KINDS = {
    "fine": lambda rng: framed(EVENT),
    "bent": lambda rng: bent(rng, framed(EVENT)),
    "bent json": lambda rng: framed(bent(rng, EVENT)),
    "noise": lambda rng: noise(rng, rng.randrange(1, 3000)),
    "no end": lambda rng: HEAD + b"X: " + b"a" * rng.randrange(200000),
    "many headers": lambda rng: HEAD + b"".join(b"X%d: y\r\n" % i for i in range(rng.randrange(5000))) + b"\r\n",
    "long target": lambda rng: b"GET /" + b"%2e/" * rng.randrange(30000) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "bad target": lambda rng: b"GET " + noise(rng, 40).replace(b"\n", b"") + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": lambda rng: HEAD + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\nhello",
    "length and chunks": lambda rng: HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "huge length": lambda rng: HEAD + b"Content-Length: %d\r\n\r\nx" % rng.choice([2**31, 2**63, 2**64, 10**30]),
    "short body": lambda rng: framed(EVENT)[:-rng.randrange(1, 40)],
    "chunks": chunked,
    "pipeline": lambda rng: b"".join(rng.choice([framed(EVENT), b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
                                     for _ in range(rng.randrange(2, 60))),
    "lines": lambda rng: framed(b"\n".join(rng.choice([EVENT, b"", b"[", noise(rng, 9)]) for _ in range(300)),
                                kind=b"application/x-ndjson"),
    "deep": lambda rng: framed(b"[" * rng.randrange(100000)),
    "silence": lambda rng: b"",
    "old": lambda rng: rng.choice([b"GET /\r\n", b"GET / HTTP/0.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                   b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n"]),
    "expect": lambda rng: HEAD + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n",
}


class Visitor:
    """One connection that sends what it has as the other side takes it, and then leaves in one of several ways."""

    def __init__(self, port, rng):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.kind = rng.choice(sorted(KINDS))
        self.left = KINDS[self.kind](rng)
        self.leaves = rng.choice(["closes", "half", "resets", "stays"])
        self.patience = time.monotonic() + rng.random() * 0.5
        self.socket.connect_ex(("127.0.0.1", port))

    def fileno(self):
        return self.socket.fileno()

    def go(self, readable, writable):
        """False when it is gone."""
        try:
            if writable and self.left:
                self.left = self.left[self.socket.send(self.left):]
                if not self.left and self.leaves == "half":
                    self.socket.shutdown(socket.SHUT_WR)
            if readable and not self.socket.recv(1 << 16):
                return False
        except BlockingIOError:
            pass
        except OSError:
            return False
        return time.monotonic() < self.patience or (self.leaves == "stays" and bool(self.left))

    def close(self):
        if self.leaves == "resets":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def hammer(port, rng, seconds, most):
    end, visitors, seen = time.monotonic() + seconds, [], 0
    while time.monotonic() < end:
        while len(visitors) < most:
            visitors.append(Visitor(port, rng))
            seen += 1
        readable, writable, _ = select.select(visitors, [v for v in visitors if v.left], [], 0.05)
        staying = []
        for visitor in visitors:
            if visitor.go(visitor in readable, visitor in writable):
                staying.append(visitor)
            else:
                visitor.close()
        visitors = staying
    for visitor in visitors:
        visitor.close()
    return seen


def cpu_seconds(house):
    with open("/proc/%d/stat" % house.process.pid, encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rests(house):
    """Whether it takes next to nothing for a second in which nobody asks for anything."""
    before = cpu_seconds(house)
    select.select([], [], [], 1)
    return cpu_seconds(house) - before < 0.1


def healthy(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return s.recv(100).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def calm(house):
    house.forget_connections()
    until(lambda: healthy(house.port), 20, "an answer from /healthz")
    assert house.process.poll() is None
    house.quiet()
    house.forget_connections()


def test_what_nobody_should_send(build_house):
    house = build_house(rules=RULES, request_timeout="2 seconds").start()
    rng = random.Random(SEED)
    calm(house)
    hammer(house.port, rng, 0.5, 20)
    calm(house)
    before = house.descriptors()
    memory = house.resident_kib()

    seen = hammer(house.port, rng, SECONDS * houses.SLOW, 60)
    assert seen > 100
    calm(house)
    until(lambda: house.descriptors() <= before, 20, "descriptors to be given back (seed %d)" % SEED)
    if houses.SLOW == 1 and "ASAN_OPTIONS" not in os.environ:        # sanitizers keep what was freed
        assert house.resident_kib() < memory + 100 * 1024
    assert until(lambda: rests(house), 20, "the daemon to rest")
    assert house.get("/v1/leads/l1")["id"] == "l1"
    house.forget_connections()
    assert house.stop() == 0


def test_who_hangs_up_in_the_middle(build_house):
    """The end often arrives together with the last bytes: a connection isn't kept for what will never come."""
    house = build_house(rules=RULES, request_timeout="600 seconds").start()
    calm(house)
    before = house.descriptors()
    for part in (framed(EVENT)[:-5], HEAD, b"GET / HT", framed(EVENT) + b"GET /hea", b""):
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", house.port)) as s:
                s.sendall(part)
    until(lambda: house.descriptors() <= before, 20, "descriptors to be given back")
    house.forget_connections()
    assert house.stop() == 0


def test_no_descriptors_left(build_house):
    """More connections than it may have descriptors: those who wait cost nothing, and are served when others leave."""
    house = build_house(rules=RULES, request_timeout="60 seconds", connections=1000)
    house.limits = (resource.RLIMIT_NOFILE, (64, 64))
    house.start()
    calm(house)
    before = house.descriptors()
    waiting = [socket.create_connection(("127.0.0.1", house.port)) for _ in range(150)]
    for s in waiting:
        s.sendall(b"GET /healthz HTTP/1.1\r\n")
    assert until(lambda: rests(house), 20, "the daemon to rest while it has no descriptor left")
    for s in waiting[:75]:
        s.close()
    for s in waiting[75:]:
        s.sendall(b"Host: x\r\nConnection: close\r\n\r\n")
    for s in waiting[75:]:
        s.settimeout(20 * houses.SLOW)
        assert s.recv(100).startswith(b"HTTP/1.1 200 ")
        s.close()
    calm(house)
    until(lambda: house.descriptors() <= before, 20, "descriptors to be given back")
    hammer(house.port, random.Random(SEED), min(SECONDS, 2), 100)
    calm(house)
    assert until(lambda: rests(house), 20, "the daemon to rest")
    assert house.stop() == 0
