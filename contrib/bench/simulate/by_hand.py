#!/usr/bin/python3
"""What rules.yaml says, as someone might write it for this one campaign: no zones, no hours, no caps, no consent, no
history beyond what the steps ask for. Reads the same files and prints how many messages of each template go out.

usage: by_hand.py LEADS.csv EVENTS.ndjson UNTIL     UNTIL: an instant such as 2026-05-01T00:00:00+00:00
"""
import csv
import datetime
import heapq
import json
import sys

DAY = 86400
STEPS = [("welcome", 3), ("five-weighing-errors", 5), ("how-pricing-works", 4), ("customer-story", 7), ("whats-new", 0)]


def main():
    with open(sys.argv[1], newline="", encoding="utf-8") as file:
        leads = {row["id"]: {"step": None, "score": 0.0, "at": 0.0, "seen": set(), "ordered": None} for row in csv.DictReader(file)}
    until = datetime.datetime.fromisoformat(sys.argv[3]).timestamp()
    sent, due = {}, []

    def go(name, lead, now):
        template, days = STEPS[lead["step"]]
        if template != "five-weighing-errors" or lead["ordered"] is None or now - lead["ordered"] >= 30 * DAY:
            sent[template] = sent.get(template, 0) + 1
        lead["step"] += 1
        if lead["step"] < len(STEPS):
            heapq.heappush(due, (now + days * DAY, name))

    def catch_up(now):
        while due and due[0][0] < now:
            at, name = heapq.heappop(due)
            lead = leads[name]
            if lead["step"] is not None and lead["step"] < len(STEPS):
                go(name, lead, at)

    with open(sys.argv[2], encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            now = datetime.datetime.fromisoformat(event["at"].replace("Z", "+00:00")).timestamp()
            if now > until:
                break
            catch_up(now)
            lead = leads[event["lead"]]
            if event["id"] in lead["seen"]:
                continue
            lead["seen"].add(event["id"])
            if event["event"] == "order.placed":
                lead["ordered"], lead["step"] = now, len(STEPS)
                continue
            lead["score"] = lead["score"] * 0.5 ** ((now - lead["at"]) / (14 * DAY)) + 1
            lead["at"] = now
            if lead["step"] is None:
                lead["step"] = 0
                go(event["lead"], lead, now)
    catch_up(until + 1e-3)
    json.dump(sent, sys.stdout, sort_keys=True)
    print()


main()
