"""A small rule set that sends one mail for each event, and thousands of leads for it."""
import concurrent.futures
import json
import threading

from house import QUICK, House

RULES = {"all.yaml": """\
policy:
  sender: { name: Ada at Example, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
  time_zone: UTC
---
events:
  blast.sent: { n: number }
  receipt.wanted: { n: number }
---
campaign: blast
enter: { on: blast.sent }
again: always
steps:
  - email: hello
---
campaign: receipts
enter: { on: receipt.wanted }
again: always
steps:
  - email: receipt
    kind: service
"""}
TEMPLATES = {
    "hello/email.md": "---\nsubject: Hello {{ first_name }}\n---\nHello {{ first_name }}, this is version one.\n",
    "receipt/email.md": "---\nsubject: Your receipt\n---\nHello {{ first_name }}, here it is.\n",
}


def email_channel(sink, connections=8, **more):
    return {"email": dict({"type": "smtp", "host": "127.0.0.1", "port": sink.port, "tls": "none", "connections": connections,
                           "timeout": "20 seconds"}, **more)}


def put_leads(house: House, n, prefix="l"):
    """Leads with addresses; several clients, since each waits until its lead is on the disk."""
    def put(i):
        lead = "%s%05d" % (prefix, i)
        house.put_lead(lead, email=lead + "@customer.example", first_name="Nr %d" % i)
    local = threading.local()

    def work(part):
        local.house = house
        for i in part:
            put(i)
    # the house keeps one connection a door: give each worker a door of its own
    doors = 8
    original = house.ask

    def ask(door, *arguments, **more):
        return original("%s-%d" % (door, threading.get_ident()) if door == "api" else door, *arguments, **more)
    house.ask = ask
    try:
        with concurrent.futures.ThreadPoolExecutor(doors) as pool:
            list(pool.map(work, [range(start, n, doors) for start in range(doors)]))
    finally:
        house.ask = original


def post_events(house, n, name="blast.sent", prefix="l", round=0):
    lines = "".join(json.dumps({"id": "%s-%d-%d" % (name, round, i), "lead": "%s%05d" % (prefix, i), "event": name,
                                "properties": {"n": i}}) + "\n" for i in range(n))
    answer = house.api("POST", "/v1/events", lines, token="events", Content_Type="application/x-ndjson")
    assert answer.status == 200, answer
    return answer.json


def blast_size():
    return 1000 if QUICK else 5000
