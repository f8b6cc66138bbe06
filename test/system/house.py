"""The daemon as its users see it: a process, a port, a control socket, a folder.

Nothing here sleeps to wait: conditions are asked for until a deadline, and time is a clock that tests move.
"""
import contextlib
import datetime
import http.client
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("NT_SRCDIR") or os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("NT_BUILDDIR") or next(
    (folder for folder in (SOURCE, os.path.join(SOURCE, "build")) if os.path.exists(os.path.join(folder, "nurtured"))),
    SOURCE)
SLOW = float(os.environ.get("NT_SLOW", "1"))      # sanitizers and crowded machines: every deadline is longer
QUICK = bool(os.environ.get("NT_QUICK"))          # smaller numbers in the tests that are long
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
SECRET = "0123456789abcdef0123456789abcdef"
PUBLIC = "http://hello.example"                   # links are taken from mails and asked of the real port
UTC = datetime.timezone.utc


def deadline(seconds):
    return time.monotonic() + seconds * SLOW


def until(condition, seconds=10, what="it", pause=0.003):
    """Asks until the answer is true; gives it back."""
    end = deadline(seconds)
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("waited %g s for %s" % (seconds * SLOW, what))
        select.select([], [], [], pause)


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def stamp(moment):
    """As the daemon prints it: milliseconds only if there are any."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    ms = moment.microsecond // 1000
    return text + (".%03d" % ms if ms else "") + "Z"


def program(name):
    """A server that the tests need; which() knows /usr/sbin too."""
    return shutil.which(name, path=PATH)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class TcpConnection(http.client.HTTPConnection):
    def connect(self):
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode("utf-8")

    @property
    def json(self):
        return json.loads(self.text)

    def __repr__(self):
        return "%d %s" % (self.status, self.text[:300])


class Cannot(Exception):
    """The daemon didn't come up."""


class House:
    """One nurtured with its configuration in a folder of its own."""

    def __init__(self, folder, rules=None, templates=None, channels=None, webhooks=None, start="2026-03-02T14:00:00Z",
                 manual=True, **settings):
        self.folder = str(folder)
        self.rules = os.path.join(self.folder, "rules")
        self.templates = os.path.join(self.folder, "templates")
        self.config_path = os.path.join(self.folder, "nurtured.yaml")
        self.log_path = os.path.join(self.folder, "log")
        self.manual = manual
        self.now = instant(start)
        self.process = None
        self.port = None
        self.connections = {}
        self.limits = None
        self.environment = {}
        os.makedirs(self.folder, exist_ok=True)
        for source, target in ((rules, self.rules), (templates, self.templates)):
            if isinstance(source, dict):
                self.write_all(source, target)
            elif source is not None:
                shutil.copytree(source, target)
            else:
                os.makedirs(target, exist_ok=True)
        for name in ("token-all", "token-events", "token-metrics", "link-key", "hook-key"):
            self.write(name, SECRET + name + "\n")
        self.settings = {
            "rules": "rules", "templates": "templates", "listen": "127.0.0.1:0", "public_url": PUBLIC,
            "socket": "control.sock", "store": {"path": "store.db"}, "secrets": {"links": ["link-key"]},
            "tokens": {
                "all": {"file": "token-all", "scopes": ["events", "leads:read", "leads:write", "queue", "metrics"]},
                "events": {"file": "token-events", "scopes": ["events"]},
                "metrics": {"file": "token-metrics", "scopes": ["metrics"]},
            },
            "providers": os.path.join(SOURCE, "contrib", "providers"),
            "channels": channels or {}, "webhooks": webhooks or {}, "stop_within": "10 seconds",
        }
        self.settings.update(settings)
        self.write_config()

    # ---- files ----

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def write_all(self, files, below):
        for name, text in files.items():
            self.write(os.path.join(below, name), text)

    def write_config(self):
        self.write("nurtured.yaml", json.dumps(self.settings, indent=1))

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    # ---- life ----

    def prepare_child(self):
        if self.limits is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(*self.limits)

    def start(self, wait=True):
        command = [os.path.join(BUILD, "nurtured"), "-c", self.config_path]
        if self.manual:
            command += ["--clock-manual", "--clock-start", stamp(self.now)]
        environment = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", **self.environment)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                                            cwd=self.folder, preexec_fn=self.prepare_child)
        if wait:
            self.wait_until_up()
        return self

    def wait_until_up(self, seconds=20):
        def up():
            if self.process.poll() is not None:
                raise Cannot("nurtured ended with code %d: %s" % (self.process.returncode, self.log()[-2000:]))
            try:
                status = self.status()
                return status if status["state"] != "starting" else None
            except (OSError, http.client.HTTPException):
                return None
        self.port = until(up, seconds, "the daemon to come up")["port"]

    def forget_connections(self):
        for connection in self.connections.values():
            connection.close()
        self.connections = {}

    def kill(self):
        """As the machine's owner would in anger: SIGKILL."""
        self.process.kill()
        self.process.wait()
        self.forget_connections()

    def stop(self, seconds=15):
        """SIGTERM; the exit code."""
        self.forget_connections()
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.terminate()
        return self.process.wait(seconds * SLOW)

    def end(self):
        """After a test, whatever its state."""
        self.forget_connections()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(12 * SLOW)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if os.path.exists(self.log_path):
            found = re.search(r"(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|nurtured: bug at|assertion failed).*", self.log())
            assert found is None, "the daemon said: %s" % self.log()[found.start():][:4000]

    # ---- the doors ----

    def ask(self, door, method, target, body=None, headers=None):
        """One request on a connection that is kept; once more if the other side had closed it meanwhile."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode("utf-8")
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        for again in (True, False):
            connection = self.connections.get(door)
            fresh = connection is None
            if fresh:
                connection = (UnixConnection(self.path("control.sock"), 30 * SLOW) if door == "control" else
                              TcpConnection("127.0.0.1", self.port, timeout=30 * SLOW))
            try:
                connection.request(method, target, body, headers)
                answer = Answer(connection.getresponse())
            except (OSError, http.client.HTTPException):
                connection.close()
                self.connections.pop(door, None)
                if fresh or not again:
                    raise
                continue
            if answer.headers.get("Connection", "").lower() == "close":
                connection.close()
                self.connections.pop(door, None)
            else:
                self.connections[door] = connection
            return answer
        return None

    def api(self, method, target, body=None, token="all", **headers):
        """With a bearer token, as programs do."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            headers["Authorization"] = "Bearer " + SECRET + "token-" + token
        return self.ask("api", method, target, body, headers)

    def get(self, target):
        answer = self.api("GET", target)
        assert answer.status == 200, answer
        return answer.json

    def page(self, method, url, form=None):
        """A link of a mail, as a browser asks for it: no token."""
        assert url.startswith(PUBLIC + "/"), url
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        return self.ask("page", method, url[len(PUBLIC):], form, headers)

    def control(self, method, target, body=None):
        answer = self.ask("control", method, "/control/" + target, body)
        assert answer.status == 200, answer
        return answer.json

    def status(self):
        return self.control("GET", "status")

    def put_lead(self, lead, **fields):
        answer = self.api("PUT", "/v1/leads/" + lead, fields)
        assert answer.status in (200, 201), answer

    def event(self, lead, name, id=None, **properties):
        event = {"lead": lead, "event": name, "properties": properties}
        if id is not None:
            event["id"] = id
        answer = self.api("POST", "/v1/events", event)
        assert answer.status == 200, answer
        return answer.json

    def outbox(self, state):
        """All messages in that state."""
        rows, after = [], ""
        while after is not None:
            answer = self.get("/v1/outbox?state=%s&limit=1000&after=%s" % (state, after))
            rows += answer["messages"]
            after = answer["next"]
        return rows

    # ---- time ----

    def quiet(self, seconds=20):
        """Until nothing more will happen by itself. The status."""
        def asked():
            status = self.status()
            return status if status["quiet"] else None
        return until(asked, seconds, "quiet", 0.001)

    def set_clock(self, moment):
        self.control("POST", "clock", {"to": stamp(moment)})
        self.now = moment

    def advance(self, to, between=None, seconds=60):
        """Moves the clock on, stopping at each instant at which something is due."""
        to = instant(to) if isinstance(to, str) else to
        end = deadline(seconds)
        while True:
            status = self.quiet()
            if between is not None:
                between()
            dues = [instant(status[key]) for key in ("next_timer", "next_try") if status[key]]
            due = min([t for t in dues if t > self.now] + [to])
            if due >= to:
                break
            assert time.monotonic() < end, "the clock took too long to get to %s: it is %s" % (to, self.now)
            self.set_clock(due)
        self.set_clock(to)
        return self.quiet()

    def forward(self, **duration):
        return self.advance(self.now + datetime.timedelta(**duration))

    # ---- the process ----

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def resident_kib(self):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


@contextlib.contextmanager
def house(folder, **options):
    it = House(folder, **options)
    try:
        yield it
    finally:
        it.end()


def nurturectl(*arguments, **options):
    return subprocess.run([os.path.join(BUILD, "nurturectl"), *arguments], capture_output=True, text=True,
                          timeout=60 * SLOW, check=False, **options)
