"""A run of simulate equals the same run through the daemon, and a plan's week the week that comes, under rule sets as big as a real
company's: all that is sent, and all that happens to leads, to the millisecond. Channels are folders, which take all at once."""
import collections
import datetime
import json
import os
import random
import re
import shutil

import pytest

from companies import BIRTH, CALM, CHANNELS, SoftwareCompany, TrainingSchool
from house import QUICK, instant, nurturectl, stamp
from sinks import HookSink

SEED = int(os.environ.get("NT_SEED", 19))
N_LEADS = 5 if QUICK else 9
WEEK = datetime.timedelta(days=7)
VERBS = {"lead.accepted": "accept", "lead.sent_back": "send_back", "deal.won": "won", "deal.lost": "lost"}
APART = {"event", "message.sent", "rep.told", "task.overdue", "task.withdrawn", "task.passed"}   # one of both has them


def open_company(build_house, company, sink):
    house = build_house(rules=company.folder, start=stamp(company.start),
                        channels={name: {"type": "spool", "path": name} for name in CHANNELS},
                        webhooks={name: {"url": sink.url, "secret_file": "hook-key"} for name in company.webhooks})
    company.write(house)
    return house


# ---- what simulate says ----

def message_of(line, at):
    """In the outbox each webhook is a lane of its own; for people, rules and simulate all are one channel."""
    return line["id"], line["lead"], line["channel"].split(":")[0], line["template"], line["to"], instant(line[at])


def effect_of(lead, line):
    detail = "" if line["what"] == "lead.created" else line.get("detail") or ""     # by which token there, the file here
    return lead, instant(line["at"]), line["what"], line.get("campaign") or "", line.get("step") or "", detail


def simulate(house, until, *options, rules=None):
    """All that goes out, what happens to leads and how often, what it adds up to; and the messages to leads as they come."""
    run = nurturectl("simulate", "--config", house.config_path, "--until", stamp(until), "--json", *options, rules or house.rules)
    assert run.returncode in (0, 1), run.stderr             # 1: something of the files was refused, as it is by the daemon
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    out = [line for line in lines[:-1] if line["what"] in ("message.released", "rep.told")]
    messages = [message_of(line, "at") for line in out]
    assert len(messages) == len(set(messages))
    effects = collections.Counter(effect_of(line["lead"], line) for line in lines[:-1] if line["what"] not in APART)
    return set(messages), effects, lines[-1]["totals"], [message_of(line, "at") for line in out if "rep" not in line]


# ---- what the daemon does ----

def rows_of(house):
    """A message may be called back before it is handed out: simulate and plan count those, too."""
    return {row["id"]: row for row in house.outbox("accepted") + house.outbox("cancelled")}


def sent(house, but=()):
    return {message_of(row, "released") for id, row in rows_of(house).items() if id not in but}


def happened(house, leads):
    found = collections.Counter()
    for lead in leads:
        before = ""
        while before is not None:
            answer = house.api("GET", "/v1/leads/%s/timeline?limit=1000%s" % (lead, before))
            if answer.status == 404:
                break                       # it hasn't come yet
            answer = answer.json
            before = "&before=%d" % answer["next"] if answer["next"] else None
            for row in answer["timeline"]:
                found.update(effect_of(lead, {"at": row["at"], **effect}) for effect in row["entry"].get("effects", [])
                             if effect["what"] not in APART)
    return found


def tell(house, event, to_leads):
    """What comes from outside, by its own door. Whether it was taken."""
    name, lead, properties = event["event"], event["lead"], event.get("properties")
    channel, _, noun = name.partition(".")
    if name == BIRTH:
        house.put_lead(lead, **event["fields"])
        return True
    if name in VERBS:
        entry = next((entry for entry in house.get("/v1/queue")["queue"] if entry["lead"] == lead), {})
        said = {"rep": entry.get("rep"), **properties}      # who has it, if the file doesn't say
        answer = house.api("POST", "/v1/queue/%s/%s" % (lead, VERBS[name]), {key: said[key] for key in said if said[key]})
        assert answer.status in (200, 400, 404, 409), answer
        return answer.status == 200
    if name == "task.done":
        task = max(house.get("/v1/tasks?lead=" + lead)["tasks"], key=lambda task: task["opened"], default=None)
        return task is not None and house.api("POST", "/v1/tasks/%s/done" % task["id"], {"rep": task["rep"]}).status == 200
    if channel in CHANNELS:
        ids = [id for id, to, by, _, _, at in to_leads if (to, by) == (lead, channel) and at < instant(event["at"])]
        if not ids:
            return False
        return house.api("POST", "/v1/outcomes", {"message": ids[-1], "outcome": noun}, token="events").json["invalid"] == 0
    answer = house.api("POST", "/v1/events", event, token="events").json
    assert answer["failed"] == 0, answer
    return answer["invalid"] == 0


def play(house, events, to_leads):
    """How many were refused."""
    refused = 0
    for event in events:
        house.advance(event["at"])
        refused += not tell(house, event, to_leads)
    return refused


# ---- what a plan promises ----

def plan(house, folder):
    done = nurturectl("plan", "--config", house.config_path, "--at", stamp(house.now), "--json", "--output", house.path("plan.json"), folder)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def promised(said, rules, span):
    return {(row["campaign"], row["channel"], row["template"], row["to_reps"]): row[span][rules] for row in said["sent"]
            if row[span][rules]}


def kept(house, but, until):
    found = collections.Counter()
    for id, row in rows_of(house).items():
        if id not in but and instant(row["released"]) <= until:
            found[row.get("campaign", ""), row["channel"].split(":")[0], row["template"], "rep" in row] += 1
    return found


TRAFFIC = {"campaign.entered": "entered", "campaign.reached_goal": "goals", "campaign.left": "left"}


def traffic_said(said, rules):
    found = {(row["campaign"], key): row[key][rules] for row in said["traffic"]
             for key in ("entered_day", "entered_week", "goals_week", "left_week")}
    return {key: n for key, n in found.items() if n}


def traffic_seen(effects, start):
    found = collections.Counter()
    for (_, at, what, campaign, _, _), n in effects.items():
        if what in TRAFFIC:
            found[campaign, TRAFFIC[what] + "_week"] += n
        if what == "campaign.entered" and at <= start + datetime.timedelta(days=1):
            found[campaign, "entered_day"] += n
    return found


def watch_a_week(house, company, but, said, rules, foretold):
    """Nothing comes from outside. but: what had gone out, and happened, before."""
    start, (but, effects) = house.now, but
    house.advance(start + WEEK, seconds=120)
    assert traffic_seen(happened(house, company.ids()) - effects, start) == traffic_said(said, rules)
    assert kept(house, but, start + datetime.timedelta(days=1)) == promised(said, rules, "day")
    assert kept(house, but, start + WEEK) == promised(said, rules, "week")
    assert sent(house, but) == foretold[0]


EDITS = [(r"wait: 3 days", "wait: 1 day"), (r"wait: 1 week", "wait: 11 days"), (r"wait: 2 days", "wait: 2 hours"),
         (r"\b[34] per week", "2 per week"), (r"accept_within: 1 hour|accept_within: 3 hours", "accept_within: 30 minutes")]


def edited(house):
    """Rules with other waits and a stricter cap, beside the present ones."""
    folder = shutil.copytree(house.rules, house.path("edited"))
    for place, _, names in os.walk(folder):
        for path in (os.path.join(place, name) for name in names if name.endswith(".yaml")):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            for pattern, new in EDITS:
                text = re.sub(pattern, new, text)
            house.write(path, text)
    return folder


def load(house, folder):
    shutil.rmtree(house.rules)
    shutil.copytree(folder, house.rules)
    done = nurturectl("apply", "--socket", house.path("control.sock"), house.path("plan.json"))
    assert done.returncode == 0, (done.stdout, done.stderr)
    house.quiet()


def check_company(house, company):
    """Ten weeks, of which one is calm, and what a copy of the store makes of those behind it; then a week under edited rules."""
    files = "--leads", house.path("leads.csv"), "--events", house.path("events.ndjson")
    messages, effects, totals, to_leads = simulate(house, company.end, *files, "--start", stamp(company.start))
    house.start()
    births, calm = company.births(), company.day(CALM[0])
    for birth in (birth for birth in births if birth["at"] == ""):
        tell(house, birth, [])
    events = sorted([birth for birth in births if birth["at"] != ""] + company.events, key=lambda event: event["at"])
    first, rest = [[event for event in events if (instant(event["at"]) < calm) == early] for early in (True, False)]
    refused = play(house, first, to_leads)
    house.advance(calm, seconds=120)
    before = rows_of(house), happened(house, company.ids())
    watch_a_week(house, company, before, plan(house, house.rules), "present", simulate(house, calm + WEEK, "--live"))
    company.write(house, after=stamp(house.now))
    gone_on = simulate(house, company.end, "--live", *files)
    before, refused_before = rows_of(house), refused
    refused += play(house, rest, to_leads)
    house.advance(company.end, seconds=120)
    assert sent(house, before) == gone_on[0]
    assert refused - refused_before == gone_on[2]["refused"]
    assert sent(house) == messages
    assert happened(house, company.ids()) == effects
    assert refused == totals["refused"]
    folder = edited(house)
    said = plan(house, folder)
    later = simulate(house, company.end + WEEK, "--live", rules=folder)
    before = rows_of(house), happened(house, company.ids())
    load(house, folder)
    watch_a_week(house, company, before, said, "new", later)
    return messages, effects, totals


@pytest.mark.parametrize("kind, start", [(SoftwareCompany, "2026-03-23T13:00:00Z"), (TrainingSchool, "2026-03-02T09:00:00Z")])
def test_a_company(build_house, ending, kind, start):
    company = kind(random.Random(SEED), N_LEADS, instant(start))
    house = open_company(build_house, company, ending(HookSink()))
    messages, effects, totals = check_company(house, company)
    if "NT_SEED" in os.environ:
        return                              # other lives may need less of the rules
    entered = [campaign["campaign"] for campaign in totals["campaigns"] if campaign.get("entered")]
    assert len(entered) >= .7 * 25 and len(messages) > 10 * N_LEADS, (entered, len(messages))
    answers = {detail.split()[0] for _, _, what, _, _, detail in effects if what == "handoff"}
    assert {"offered", "accepted", "sent_back"} <= answers
