"""The door as its callers find it: idempotence, thousands at once, tokens, and clients that are slow, wrong or gone."""
import http.client
import json
import select
import socket
import time

import pytest

from house import SECRET, SLOW, until
from volume import RULES, TEMPLATES, email_channel, post_events, put_leads


@pytest.fixture
def house(build_house, sink):
    return build_house(rules=RULES, templates=TEMPLATES, channels=email_channel(sink, 4), request_timeout="1 second",
                       connections=200, body_limit="1 MiB").start()


def ndjson(house, lines, token="events"):
    return house.api("POST", "/v1/events", "".join(line + "\n" for line in lines), token=token, Content_Type="application/x-ndjson")


def test_a_repeated_event_is_success_and_does_nothing(house, sink):
    put_leads(house, 1)
    event = {"id": "order-17", "lead": "l00000", "event": "blast.sent", "properties": {"n": 1}}
    words = [house.api("POST", "/v1/events", event).json["results"][0]["status"] for _ in range(3)]
    assert words == ["stored", "duplicate", "duplicate"]
    changed = dict(event, properties={"n": 2})
    assert house.api("POST", "/v1/events", changed).json["duplicate"] == 1
    house.quiet()
    assert sink.count() == 1
    # the name space is the token's
    assert house.api("POST", "/v1/events", event, token="events").json["stored"] == 1
    assert house.stop() == 0
    house.start()
    assert house.api("POST", "/v1/events", event).json["duplicate"] == 1
    house.quiet()
    assert sink.count() == 2


def test_one_an_array_and_lines(house):
    one = {"lead": "a", "event": "blast.sent"}
    assert house.api("POST", "/v1/events", one).json["stored"] == 1
    assert house.api("POST", "/v1/events", [one, one, one]).json["stored"] == 3
    assert ndjson(house, [json.dumps(one)] * 7).json["stored"] == 7
    assert house.get("/v1/leads/a")["id"] == "a"


def test_a_bad_item_is_refused_alone(house):
    lines = ['{"lead": "a", "event": "blast.sent"}', '{"lead": "a"}', '{"lead": "a", "event": "blast.sent", "properties": {"n": "three"}}',
             '{broken', '[]', '{"event": "blast.sent"}', '{"lead": "b", "event": "blast.sent"}']
    answer = ndjson(house, lines)
    assert answer.status == 200
    said = answer.json
    assert [result["status"] for result in said["results"]] == ["stored", "invalid", "invalid", "invalid", "invalid", "invalid", "stored"]
    assert said["stored"] == 2 and said["invalid"] == 5
    fields = [result.get("field") for result in said["results"]]
    assert fields[1] == "event" and fields[2] == "properties.n" and fields[5] == "lead", fields
    assert all(result["message"] for result in said["results"][1:6])


def test_five_thousand_at_once(house, sink):
    put_leads(house, 100)
    began = time.monotonic()
    lines = [json.dumps({"id": str(i), "lead": "l%05d" % (i % 100), "event": "blast.sent", "properties": {"n": i}}) for i in range(5000)]
    answer = ndjson(house, lines)
    took = time.monotonic() - began
    assert answer.status == 200 and answer.json["stored"] == 5000 and len(answer.json["results"]) == 5000
    assert took < 10 * SLOW
    house.kill()                     # answered: it must be there
    house.start()
    assert ndjson(house, lines).json["duplicate"] == 5000


def test_tokens(house):
    event = {"lead": "a", "event": "blast.sent"}
    assert house.api("POST", "/v1/events", event, token=None).status == 401
    assert house.api("POST", "/v1/events", event, token="wrong").status == 401
    for value in ("Basic abc", "Bearer", "Bearer  ", "Bearer " + SECRET + "token-all" + "x", "Bearer " + SECRET + "token-al", "bearer\tx"):
        answer = house.ask("api", "POST", "/v1/events", event, {"Authorization": value})
        assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer"), (value, answer)
    answer = house.api("GET", "/v1/leads/a", token="events")
    assert answer.status == 403 and "leads:read" in answer.text
    assert house.api("PUT", "/v1/leads/a", {}, token="events").status == 403
    assert house.api("POST", "/v1/events", event, token="metrics").status == 403
    assert house.api("GET", "/metrics", token="events").status == 403
    assert house.api("GET", "/healthz", token=None).status == 200
    for target in ("/control/status", "/control/clock", "/control/reload"):
        assert house.api("POST", target, {}).status in (403, 404)      # only through the Unix socket
    assert "nurtured_" in house.api("GET", "/metrics", token="metrics").text


def test_erased_is_erased(house, sink):
    put_leads(house, 1)
    post_events(house, 1)
    house.quiet()
    assert house.api("GET", "/v1/leads/l00000").status == 200
    assert house.api("DELETE", "/v1/leads/l00000").status == 200
    assert house.api("GET", "/v1/leads/l00000").status == 404
    assert house.api("GET", "/v1/leads/l00000/timeline").status == 404
    assert house.outbox("accepted") == []
    house.stop()
    with open(house.path("store.db"), "rb") as f:
        assert b"l00000@customer.example" not in f.read()


def connect(house):
    s = socket.create_connection(("127.0.0.1", house.port), 10)
    s.settimeout(10 * SLOW)
    return s


def read_all(s):
    """What is said until the other side hangs up."""
    said = b""
    try:
        while chunk := s.recv(65536):
            said += chunk
    except ConnectionResetError:
        pass
    return said


def test_slow_clients_dont_hold_up_others(house):
    slow = [connect(house) for _ in range(30)]
    for i, s in enumerate(slow):
        s.sendall([b"", b"GET /healthz HTT", b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"][i % 3])
    began = time.monotonic()
    for _ in range(50):
        assert house.api("GET", "/healthz", token=None).status == 200
    assert time.monotonic() - began < 2 * SLOW
    for s in slow:          # request_timeout is one second
        said = read_all(s)
        assert said == b"" or said.startswith(b"HTTP/1.1 4"), said
        s.close()
    assert time.monotonic() - began < 8 * SLOW


def test_one_byte_at_a_time_is_still_one_request(house):
    """Slow in steps, but within the time for a whole request."""
    s = connect(house)
    for byte in b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
        s.send(bytes([byte]))
    assert read_all(s).startswith(b"HTTP/1.1 200 ")
    s.close()


def test_dripping_on_doesnt_win_more_time(house):
    s = connect(house)
    s.sendall(b"GET /healthz HTTP/1.1\r\n")
    began = time.monotonic()
    while time.monotonic() - began < 5 * SLOW:
        try:
            s.send(b"X: y\r\n")
        except OSError:
            break
        ready, _, _ = select.select([s], [], [], 0.05)
        if ready:
            break
    assert time.monotonic() - began < 4 * SLOW
    s.close()


def test_more_connections_than_allowed(house):
    crowd = []
    for _ in range(300):
        crowd.append(connect(house))
    for s in crowd:
        s.close()

    def let_in():
        try:
            return house.ask("again", "GET", "/healthz").status == 200
        except (OSError, http.client.HTTPException):
            return False
    until(let_in, 10, "room")
    assert house.status()["state"] == "running"


def test_clients_that_go_away(house, sink):
    put_leads(house, 1)
    body = json.dumps({"lead": "l00000", "event": "blast.sent"}).encode()
    head = ("POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %stoken-all\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % (SECRET, len(body))).encode()
    for _ in range(50):
        s = connect(house)
        s.sendall(head + body)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")    # a reset, not a goodbye
        s.close()
    until(lambda: house.api("GET", "/healthz", token=None).status == 200, 5, "an answer")
    house.quiet()
    assert sink.count() <= 50 and house.status()["state"] == "running"


def test_too_much(house):
    s = connect(house)      # answered before the body is there: most clients don't look before they have sent it
    s.sendall(("POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %stoken-all\r\nContent-Type: application/json\r\n"
               "Content-Length: 3000000\r\n\r\n[" % SECRET).encode())
    assert read_all(s).startswith(b"HTTP/1.1 413 ")
    s.close()
    assert house.api("GET", "/v1/leads/" + "x" * 200).status in (400, 404)
    s = connect(house)
    s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-Long: " + b"y" * 200_000 + b"\r\n\r\n")
    assert read_all(s).startswith(b"HTTP/1.1 4")
    s.close()
    assert house.api("GET", "/healthz", token=None).status == 200


@pytest.mark.parametrize("head", [
    b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked, gzip\r\n",
    b"Content-Length: -1\r\n", b"Content-Length: 0x5\r\n", b"Content-Length : 5\r\n", b"Transfer-Encoding:\x0bchunked\r\n",
])
def test_two_ways_to_say_where_a_request_ends_are_refused(house, head):
    """Request smuggling: what a proxy in front might read in another way."""
    s = connect(house)
    s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + (SECRET + "token-all").encode() +
              b"\r\nContent-Type: application/json\r\n" + head + b"\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    said = read_all(s)
    s.close()
    assert said.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501")) and b"HTTP/1.1 200" not in said, said
    assert house.api("GET", "/healthz", token=None).status == 200


def test_what_a_lead_is(house):
    answer = house.api("PUT", "/v1/leads/ann", {"email": "ann@customer.example", "first_name": "Ann", "unknown_field": [1, 2]})
    assert answer.status == 200, answer
    assert house.get("/v1/leads/ann")["fields"]["first_name"] == "Ann"
    assert house.api("PATCH", "/v1/leads/ann", {"first_name": None, "last_name": "Lee"}).status == 200
    fields = house.get("/v1/leads/ann")["fields"]
    assert fields.get("first_name") is None and fields["last_name"] == "Lee" and fields["email"] == "ann@customer.example"
    assert house.api("PUT", "/v1/leads/ann", {"last_name": "Lee"}).status == 200
    assert house.get("/v1/leads/ann")["fields"].get("email") is None
    for id in ("a%2Fb", "%C3%BC", "x%20y"):
        assert house.api("PUT", "/v1/leads/" + id, {}).status == 200
        assert house.api("GET", "/v1/leads/" + id).status == 200
    for bad in ("/v1/leads/%00", "/v1/leads/%ff", "/v1/leads/..", "/v1//leads/a", "/v1/leads/%0a"):
        assert house.api("PUT", bad, {}).status in (400, 404, 405), bad
