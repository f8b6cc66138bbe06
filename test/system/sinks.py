"""What the daemon talks to: real servers from Debian, and a mail server that fails where it is told to."""
import asyncio
import base64
import collections
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading

import pytest

from house import SLOW, deadline, free_port, program, until


def need(name):
    path = program(name)
    if path is None:
        pytest.skip(name + " isn't installed")
    return path


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def id_of(message):
    """The part of the Message-ID that is the daemon's name for it."""
    return message["Message-ID"].strip("<>").split("@")[0]


class Process:
    """A server of ours; ended with the test."""

    def __init__(self, *command, log=None, **options):
        out = open(log, "ab") if log else subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options)
        if log:
            out.close()

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5 * SLOW)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class PostfixSink(Process):
    """Postfix's smtp-sink: takes everything, one file a message."""

    def __init__(self, folder, *options):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.port = free_port()
        command = [need("smtp-sink"), "-d", os.path.join(self.folder, "%M."), *options, "127.0.0.1:%d" % self.port, "1000"]
        if os.geteuid() == 0:
            command[1:1] = ["-u", "root"]
        super().__init__(*command)
        until(lambda: answers(self.port), 10, "smtp-sink")

    def messages(self):
        """Without the lines in which smtp-sink says how it came by them."""
        found = []
        for name in sorted(os.listdir(self.folder)):
            with open(os.path.join(self.folder, name), "rb") as f:
                raw = f.read()
            if raw:
                found.append(parse(raw))
        return found


def unquoted(text):
    """The fake SMSC's protocol: '%41' for 'A', '+' for a blank."""
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m.group(1), 16)]), text.replace("+", " ").encode("latin-1"))


class Kannel:
    """bearerbox, smsbox, and its fake SMSC, which prints what it is given."""

    def __init__(self, folder, inbound=None):
        """inbound: where what people send goes (get-url)."""
        self.fake = fake = "/usr/lib/kannel/test/fakesmsc"
        bearerbox, smsbox = need("bearerbox"), need("smsbox")
        if not os.path.exists(fake):
            pytest.skip("kannel-extras isn't installed")
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        admin, boxes, smsc, self.port = (free_port() for _ in range(4))
        config = os.path.join(folder, "kannel.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write("""group = core
admin-port = %d
admin-password = secret
smsbox-port = %d
log-level = 1
box-allow-ip = 127.0.0.1

group = smsc
smsc = fake
smsc-id = fake
port = %d
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %d
log-level = 1

group = sendsms-user
username = nurtured
password = kannel-secret
max-messages = 5
concatenation = true

group = sms-service
keyword = default
max-messages = 0
%s
""" % (admin, boxes, smsc, self.port, 'catch-all = yes\nget-url = "%s"' % inbound if inbound else 'text = "none"'))
        self.parts = [Process(bearerbox, config, log=os.path.join(folder, "bearerbox.log"), cwd=folder)]
        until(lambda: answers(boxes) and answers(smsc), 10, "bearerbox")
        self.parts.append(Process(smsbox, config, log=os.path.join(folder, "smsbox.log"), cwd=folder))
        self.smsc = smsc
        self.connect(0, "1 2 text nothing")
        until(lambda: answers(self.port), 10, "smsbox")
        until(lambda: b"Connecting" in self.read("fakesmsc.log"), 10, "the fake SMSC")

    def connect(self, n, message):
        self.parts.append(Process(self.fake, "-H", "127.0.0.1", "-r", str(self.smsc), "-i", "0.01", "-m", str(n), message,
                                  log=os.path.join(self.folder, "fakesmsc.log"), cwd=self.folder))

    def say(self, number, text):
        """Somebody sends a text message to us."""
        self.parts.pop().close()
        self.connect(1, "%s 18025550142 text %s" % (number, text))

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as f:
            return f.read()

    def messages(self):
        """(to, text), as the telephone network got them; long ones put together again by their user data headers."""
        whole, parts = [], collections.defaultdict(dict)
        for line in self.read("fakesmsc.log").decode("latin-1").splitlines():
            match = re.search(r"Got message \d+: <(\S+) (\S+) (udh (\S+) data|text|ucs-2) (.*)>$", line)
            if match is None:
                continue
            _, to, kind, header, text = match.groups()
            if header is None:
                whole.append((to, text if kind == "text" else unquoted(text).decode("utf-16-be")))
                continue
            reference, n, i = unquoted(header)[-3:]
            parts[to, reference][i] = unquoted(text)
            if len(parts[to, reference]) == n:
                raw = b"".join(part for _, part in sorted(parts.pop((to, reference)).items()))
                whole.append((to, raw.decode("utf-16-be" if b"\0" in raw else "latin-1")))
        return whole

    def wait(self, n):
        """Kannel takes messages and sends them on afterwards."""
        until(lambda: len(self.messages()) >= n, 10, "%d text messages" % n)

    def close(self):
        for part in reversed(self.parts):
            part.close()


class HookSink:
    """Takes webhooks and SMS gateways' calls; answers what it is told to, 204 otherwise."""

    def __init__(self, secret=None):
        self.secret = secret
        self.calls = []
        self.changed = threading.Condition()
        self.answers = collections.deque()  # (status, headers, body), or a callable for a handler
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with sink.changed:
                    answer = sink.answers.popleft() if sink.answers else (204, {}, b"")
                    sink.calls.append((dict(self.headers.items()), body, self.path))
                    sink.changed.notify_all()
                if callable(answer):
                    answer(self)
                    return
                status, headers, content = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 200

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = "http://127.0.0.1:%d/hook" % self.port
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def wait(self, n, seconds=10):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.calls) >= n, seconds * SLOW), \
                "%d calls instead of %d" % (len(self.calls), n)
        return self.calls

    def verify(self, headers, body):
        """Standard Webhooks: v1 is base64 of HMAC-SHA-256 over id.timestamp.body."""
        signed = b"%s.%s.%s" % (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body)
        mac = base64.b64encode(hmac.new(self.secret, signed, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest("v1," + mac, part) for part in headers["webhook-signature"].split(" "))

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5 * SLOW)


class Received:
    def __init__(self, sender, recipient, raw, connection):
        self.sender, self.recipient, self.raw, self.connection = sender, recipient, raw, connection

    @property
    def message(self):
        return parse(self.raw)


class CountingSink:
    """A mail server of our own, in a thread: takes everything fast, remembers each message's bytes as they came, and can stop
    inside DATA: from message `stall_at` on it reads bodies to their end, sets `stalled`, and never answers.

    `script` makes it fail: for HELLO (the greeting), EHLO, MAIL, RCPT, DATA and DOT a list of what is done instead of saying yes, one
    after the other: a reply as text; "drop" hangs up; "silent" says nothing; "" does as usual."""

    def __init__(self, port=0):
        self.port = port
        self.received = []          # Received, in the order of their final dots
        self.turned_away = []       # bodies that weren't answered with 250
        self.connections = 0
        self.open = set()
        self.lock = threading.Condition()
        self.stall_at = None        # the how-manieth message isn't answered …
        self.stalled = threading.Event()
        self.script = collections.defaultdict(collections.deque)
        self.loop = asyncio.new_event_loop()
        self.started = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        assert self.started.wait(10 * SLOW)

    def run(self):
        asyncio.set_event_loop(self.loop)
        sink = self

        class Mail(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport = transport
                sink.open.add(transport)
                self.buffer = b""
                self.data = None
                self.sender = self.recipient = None
                sink.connections += 1
                self.number = sink.connections
                transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.reply("HELLO", b"220 sink.example ESMTP\r\n", transport.write)

            def connection_lost(self, error):
                sink.open.discard(self.transport)

            def reply(self, stage, usual, say):
                """True: as usual."""
                with sink.lock:
                    action = sink.script[stage].popleft() if sink.script[stage] else ""
                if action == "drop":
                    self.transport.abort()
                elif action == "":
                    say(usual)
                elif action != "silent":
                    say(action.encode() + b"\r\n")
                return action == ""

            def data_received(self, chunk):
                self.buffer += chunk
                out = b""
                while True:
                    if self.data is not None:
                        # the body ends where a line holds one dot: nothing else ends it, least of all bare LFs
                        end = 0 if self.buffer.startswith(b".\r\n") else self.buffer.find(b"\r\n.\r\n")
                        if end < 0:
                            break
                        skip = 3 if self.buffer.startswith(b".\r\n") else 5
                        body = self.buffer[:end + 2] if skip == 5 else b""
                        self.buffer = self.buffer[end + skip:]
                        self.data = None
                        said = []
                        taken = self.reply("DOT", b"250 2.0.0 taken\r\n", said.append)
                        if not sink.take(self, body, taken) or not said:
                            self.buffer = b""
                            break
                        out += said[0]
                        continue
                    line, found, rest = self.buffer.partition(b"\r\n")
                    if not found:
                        break
                    self.buffer = rest
                    out += self.command(line)
                if out:
                    self.transport.write(out)

            def command(self, line):
                verb = line[:4].upper()
                said = []
                if verb == b"EHLO":
                    self.reply("EHLO", b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n", said.append)
                elif verb == b"MAIL":
                    self.sender = line
                    self.reply("MAIL", b"250 2.1.0 ok\r\n", said.append)
                elif verb == b"RCPT":
                    self.recipient = line
                    self.reply("RCPT", b"250 2.1.5 ok\r\n", said.append)
                elif verb == b"DATA":
                    if self.reply("DATA", b"354 go on\r\n", said.append) or said and said[0].startswith(b"354"):
                        self.data = b""
                if verb in (b"EHLO", b"MAIL", b"RCPT", b"DATA"):
                    return b"".join(said)
                if verb == b"QUIT":
                    self.transport.write(b"221 bye\r\n")
                    self.transport.close()
                    return b""
                if verb in (b"RSET", b"NOOP", b"HELO"):
                    return b"250 ok\r\n"
                return b"500 what?\r\n"

        async def serve():
            server = await self.loop.create_server(Mail, "127.0.0.1", self.port, backlog=200)
            self.server = server
            self.port = server.sockets[0].getsockname()[1]
            self.started.set()

        self.loop.run_until_complete(serve())
        self.loop.run_forever()
        self.server.close()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def take(self, connection, body, taken):
        """A whole body is there. False: the other side is left waiting."""
        raw = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in body.split(b"\r\n"))
        with self.lock:
            if taken:
                self.received.append(Received(connection.sender, connection.recipient, raw, connection.number))
            else:
                self.turned_away.append(raw)
            n = len(self.received)
            self.lock.notify_all()
        if self.stall_at is not None and n >= self.stall_at:
            self.stalled.set()
            return False
        return True

    def ids(self):
        """Of all messages, those that came twice counted twice."""
        with self.lock:
            raws = [r.raw for r in self.received]
        return collections.Counter(re.search(rb"^Message-I[dD]: <([0-9a-f]+)@", raw, re.M).group(1).decode() for raw in raws)

    def count(self):
        with self.lock:
            return len(self.received)

    def wait(self, n, seconds=10):
        with self.lock:
            assert self.lock.wait_for(lambda: len(self.received) >= n, seconds * SLOW), \
                "%d messages instead of %d" % (len(self.received), n)
            return list(self.received)

    def close(self):
        def stop():
            for transport in list(self.open):
                transport.abort()
            self.loop.call_soon(self.loop.stop)
        self.loop.call_soon_threadsafe(stop)
        self.thread.join(5 * SLOW)
