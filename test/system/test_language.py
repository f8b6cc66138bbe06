"""Rules and events by chance, and each lead's timeline as language.py, which knows only the language's description, says
that it must be: simulate shows the same lines at the same milliseconds. Much falls into one instant, on purpose."""
import datetime
import json
import random

import pytest

from civil import DAY, EPOCH, HOUR, MS, minus, plus
from house import QUICK, nurturectl
from language import NEVER, POINT, Lead

SEEDS = range(10 if QUICK else 40)
N_LEADS = 8
SHOWN = {"campaign.entered", "campaign.left", "campaign.reached_goal", "message.released", "message.skipped", "message.given_up",
         "tag", "stage", "points", "score.crossed"}
STARTS = ["2026-03-01T05:00:00", "2026-10-20T05:00:00", "2026-01-25T00:00:00", "2011-12-20T00:00:00", "2028-02-20T00:00:00"]
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Asia/Kolkata",
         "Africa/Casablanca", "America/Santiago"]
EVENTS = ["a.b", "c.d", "e.f"]
OWN_EVENTS = ["campaign.left", "score.crossed", "message.skipped", "campaign.reached_goal", "lead.created"]
MINUTE = HOUR // 60
DURATIONS = {
    "30 minutes": (0, 0, 30 * MINUTE), "1 hour": (0, 0, HOUR), "6 hours": (0, 0, 6 * HOUR), "1 day": (0, 1, 0),
    "24 hours": (0, 0, 24 * HOUR), "36 hours": (0, 0, 36 * HOUR), "1 day 4 hours": (0, 1, 4 * HOUR), "2 days": (0, 2, 0),
    "5 days": (0, 5, 0), "1 week": (0, 7, 0), "168 hours": (0, 0, 168 * HOUR), "1 month": (1, 0, 0),
    "1 month 1 day 1 hour": (1, 1, HOUR)}
WINDOWS = {
    "mon-fri 08:00-20:00": ({0, 1, 2, 3, 4}, 480, 1200), "sat 10:00-16:00": ({5}, 600, 960), "sun 02:00-02:30": ({6}, 120, 150),
    "daily 22:00-02:00": (set(range(7)), 1320, 120), "daily 01:30-03:00": (set(range(7)), 90, 180),
    "sat-mon 23:30-00:30": ({5, 6, 0}, 1410, 30), "mon,wed 00:00-24:00": ({0, 2}, 0, 1440)}
RATES = {"1 per day": (1, (0, 1, 0)), "2 per week": (2, (0, 7, 0)), "1 per calendar day": (1, None), "1 per month": (1, (1, 0, 0)),
         "2 per hour": (2, (0, 0, HOUR))}
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
COMPARE = {">=": lambda a, b: a >= b, ">": lambda a, b: a > b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
           "==": lambda a, b: a == b, "!=": lambda a, b: a != b}
HEAD = """policy:
  sender: { name: Ada, email: ada@example.org, address: "1 Main St, Springfield, IL 62701, USA", phone: "+1 555 0100" }
"""


class Condition:
    def __init__(self, text, value, changes=lambda lead: ()):
        self.text, self.value, self.changes = text, value, changes


def stamp(t):
    return (EPOCH + t * MS).strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (t % 1000)


class Writer:
    """Rules, both as text and as language.py has them."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.start = (datetime.datetime.fromisoformat(self.chance.choice(STARTS)) - EPOCH) // MS
        self.names = ["c%d" % i for i in range(1, self.chance.randint(2, 4) + 1)]
        self.segments, self.conditions, self.n_steps = {}, [], 0

    def often(self, share):
        return self.chance.random() < share

    def one_of(self, table):
        text = self.chance.choice(list(table))
        return text, table[text]

    # -- conditions --

    def history(self):
        event, (text, d) = self.chance.choice(EVENTS), self.one_of(DURATIONS)
        (op, holds), n = self.one_of(COMPARE), self.chance.randint(1, 4)
        up, pick = self.chance.choice([True, False]), self.chance.choice(["last", "first"])

        def expiries(lead):
            return [plus(lead.zone, x, d) for x in lead.times(event)]

        def since(lead, *_):
            times = lead.times(event)
            return bool(times) and (lead.now >= plus(lead.zone, (max if pick == "last" else min)(times), d)) == up
        return self.chance.choice([
            Condition('did("%s", %s)' % (event, text), lambda l, *_: any(l.within(x, d) for x in [max(l.times(event), default=NEVER)]),
                      expiries),
            Condition('count("%s") %s %d' % (event, op, n), lambda l, *_: holds(len(l.times(event)), n)),
            Condition('count("%s", %s) %s %d' % (event, text, op, n),
                      lambda l, *_: holds(sum(l.within(x, d) for x in l.times(event)), n), expiries),
            Condition('total("%s", "n", %s) %s %d' % (event, text, op, 5 * n), lambda l, *_: holds(
                sum(p.get("n", 0) for name, x, p in l.history if name == event and l.within(x, d)), 5 * n), expiries),
            Condition('since(%s("%s")) %s %s' % (pick, event, ">" if up else "<", text), since, expiries)])

    def standing(self):
        (text, d), name, k = self.one_of(DURATIONS), self.chance.choice(self.names), self.chance.randint(-10, 50)
        (op, holds), fit = self.one_of(COMPARE), self.often(.6)
        near, t = self.often(.5), self.start + self.chance.randint(1, 1400) * HOUR

        def turn(lead):
            return minus(lead.zone, lead.fields["starts"], d)
        return self.chance.choice([
            Condition("%s %s %d" % ("score" if fit else "engagement", op, k), lambda l, *_: holds(l.points(l.now, fit), k),
                      lambda l: [l.crossing(k, fit), l.crossing(k + 1, fit)]),
            Condition('level == "warm"', lambda l, *_: l.level_of(l.points(l.now)) == "warm"),
            Condition('in_campaign("%s")' % name, lambda l, *_: l.is_in(name)),
            Condition('finished("%s")' % name, lambda l, *_: l.past.get(name, {}).get("finished", False)),
            Condition('reached_goal("%s")' % name, lambda l, *_: l.past.get(name, {}).get("goal", False)),
            Condition("messaged(%s)" % text, lambda l, *_: bool(l.releases) and l.within(max(l.releases), d),
                      lambda l: [plus(l.zone, x, d) for x in l.releases[-1:]]),
            Condition("now >= " + stamp(t), lambda l, *_: l.now >= t, lambda l: [t]),
            Condition("until(starts) %s %s" % ("<" if near else ">=", text), lambda l, *_: (l.now >= turn(l)) == near,
                      lambda l: [turn(l)]),
            Condition('tags contains "t1"', lambda l, *_: "t1" in l.tags),
            Condition('stage == "warm"', lambda l, *_: l.stage == "warm")]
            + [Condition('in_segment("%s")' % s, c.value, c.changes) for s, c in self.segments.items()])

    def condition(self, on=None, still=False):
        """still: not of what depends on it"""
        a = self.history() if still or self.often(.5) else self.standing()
        if on in EVENTS and self.often(.3):
            n = self.chance.randint(2, 9)
            a = Condition("event.n >= %d" % n, lambda l, run, event: event is not None and event[2].get("n", 0) >= n)
        if self.often(.25):
            b, both = self.history(), self.often(.5)
            a = Condition("(%s) %s (%s)" % (a.text, "and" if both else "or", b.text),
                          lambda l, r, e, a=a: (all if both else any)([a.value(l, r, e), b.value(l, r, e)]),
                          lambda l, a=a: [*a.changes(l), *b.changes(l)])
        if self.often(.15):
            a = Condition("not (%s)" % a.text, lambda l, r, e, a=a: not a.value(l, r, e), a.changes)
        self.conditions.append(a)
        return a

    def quoted(self, on=None, share=1.0, still=False):
        """(condition or None, text in YAML)"""
        if not self.often(share):
            return None, None
        condition = self.condition(on, still)
        return condition, "'%s'" % condition.text

    def windows(self):
        texts = self.chance.sample(list(WINDOWS), self.chance.choice([1, 1, 2]))
        return "[ %s ]" % ", ".join("'%s'" % text for text in texts), [WINDOWS[text] for text in texts]

    # -- steps --

    def steps(self, depth, parent, n):
        made = [self.step(depth, parent) for _ in range(n)]
        for step, following in zip(made, made[1:]):
            step["next"] = following
        return made

    def step(self, depth, parent):
        self.n_steps += 1
        step = {"id": "s%d" % self.n_steps, "parent": parent, "next": None, "if": None, "unless": None, "then": None, "else": None,
                "up_to": None, "window": [], "give_up": None, "service": False}
        kind = self.chance.choice(["email"] * 6 + ["wait"] * 3 + ["condition"] * 2 + ["event"] * 2 + ["if"] * 2 +
                                  ["clock", "window", "tag", "stage", "points", "start"])
        yaml, step["kind"] = {"id": step["id"]}, kind
        getattr(self, "put_" + kind, self.put_change)(step, yaml)
        if kind in ("condition", "event") and self.often(.7):
            yaml["up_to"], step["up_to"] = self.one_of(DURATIONS)
        if depth > 0 and kind in ("condition", "event", "if"):
            for branch in ("then", "else"):
                if kind == "if" or self.often(.5) and (branch == "then" or step["up_to"]):
                    yaml[branch] = self.steps(depth - 1, step, self.chance.randint(1, 2))
                    step[branch] = yaml[branch][0]
        if kind not in ("event", "if"):
            word = self.chance.choice(["if", "unless"])
            step[word], text = self.quoted(share=.2)
            yaml.update({word: text} if text else {})
        step["yaml"] = yaml
        return step

    def put_email(self, step, yaml):
        yaml["email"], step["service"] = "m1", self.often(.15)
        if step["service"]:
            yaml["kind"] = "service"
        if self.often(.25):
            yaml["window"], step["window"] = self.windows()
        if self.often(.3):
            yaml["give_up_after"], step["give_up"] = self.one_of(DURATIONS)

    def put_wait(self, step, yaml):
        yaml["wait"], step["what"] = self.one_of(DURATIONS)

    def put_clock(self, step, yaml):
        weekday, minutes = self.chance.choice([None, *range(7)]), self.chance.choice([540, 120, 150, 90, 0, 1410])
        step["what"] = weekday, minutes
        yaml["wait_until"] = ("" if weekday is None else DAYS[weekday] + " ") + "%02d:%02d" % divmod(minutes, 60)

    def put_window(self, step, yaml):
        yaml["wait_until"], step["what"] = self.windows()

    def put_condition(self, step, yaml):
        step["what"], yaml["wait_until"] = self.quoted()

    def put_event(self, step, yaml):
        yaml["wait_for"] = step["what"] = self.chance.choice(EVENTS)
        step["filter"], text = self.quoted(step["what"], .4)
        yaml.update({"if": text} if text else {})

    def put_if(self, step, yaml):
        step["what"], yaml["if"] = self.quoted()
        yaml["then"] = [{"yaml": {"id": step["id"] + "x", "tag": "t1"}}]
        step["then"] = {**step, "id": step["id"] + "x", "kind": "tag", "what": "t1", "parent": step}

    def put_change(self, step, yaml):
        words = {"tag": ["t1", "t2"], "stage": ["warm", "lead"], "points": [-7, 5, 20], "start": self.names}
        yaml[step["kind"]] = step["what"] = self.chance.choice(words[step["kind"]])

    # -- documents --

    def campaign(self, name):
        self.n_steps = 0
        campaign = {"name": name, "enter": [], "goal": [], "exit": [], "pause": None}
        campaign["priority"] = self.chance.choice([5, 5, 3, 8])
        again, campaign["again"] = self.one_of({"never": "never", "always": "always"})
        if self.often(.3):
            text, campaign["again"] = self.one_of(DURATIONS)
            again = "after " + text
        lines = ["campaign: " + name, "priority: %d" % campaign["priority"], "again: " + again]
        for kind, n in (("enter", self.chance.choice([1, 1, 2])), ("goal", self.often(.4)), ("exit", self.often(.4))):
            ways = [self.way(campaign, kind) for _ in range(n)]
            if kind == "enter":
                ways.append("{ by_hand: true }")
            lines += ["%s: [ %s ]" % (kind, ", ".join(ways))] if ways else []
        campaign["pause"], text = self.quoted(share=.25)
        lines += ["pause: " + text] if text else []
        steps = self.steps(2, None, self.chance.randint(2, 6))
        campaign["steps"] = steps[0]
        return campaign, "\n".join([*lines, "steps:", *self.lines(steps, "  ")])

    def way(self, campaign, kind):
        if self.often(.6):
            event = self.chance.choice(OWN_EVENTS if kind == "enter" and self.often(.15) else EVENTS)
            condition, text = self.quoted(event, .3)
            campaign[kind].append({"on": event, "if": condition})
            return "{ on: %s%s }" % (event, ", if: " + text if text else "")
        condition, text = self.quoted()
        campaign[kind].append({"on": None, "if": condition})
        return "{ when: %s }" % text

    def lines(self, steps, pad):
        for step in steps:
            mark = "- "
            for key, value in step["yaml"].items():
                if isinstance(value, list):
                    yield "%s%s%s:" % (pad, mark, key)
                    yield from self.lines(value, pad + "    ")
                else:
                    yield "%s%s%s: %s" % (pad, mark, key, value)
                mark = "  "

    def scoring(self, rules):
        text, rules["half_life"] = self.one_of({"1 day": DAY, "6 hours": 6 * HOUR, "14 days": 14 * DAY, "7 hours 20 minutes": 26_400_000})
        lines = ["scoring:", "  half_life: " + text, "  fit:"]
        condition, text = self.quoted(still=True)
        rules["fit"].append((condition, 10 * POINT))
        lines += ["    - { if: %s, points: 10 }" % text, "  engagement:"]
        for _ in range(self.chance.randint(1, 3)):
            event, points = self.chance.choice(EVENTS), self.chance.choice([15, -8, 40])
            condition, text = self.quoted(event, .3, still=True)
            cap, rate = self.one_of({"": None, "30 per week": (30, (0, 7, 0)), "20 per calendar day": (20, None)})
            rules["engagement"].append((event, condition, points * POINT, rate))
            lines.append("    - { on: %s, points: %d%s%s }" % (event, points, ", if: " + text if text else "",
                                                             ", at_most: " + cap if cap else ""))
        rules["levels"] += [("cold", 0), ("warm", 20), ("hot", 45)]
        return "\n".join([*lines, "  levels: { cold: 0, warm: 20, hot: 45 }"])

    def rule_set(self):
        rules = {"zone": self.chance.choice(ZONES), "fit": [], "engagement": [], "levels": [], "half_life": None, "send": [],
                 "at_most": [], "holidays": set(), "conditions": self.conditions}
        policy = HEAD + "  time_zone: " + rules["zone"]
        if self.often(.5):
            text, rules["send"] = self.windows()
            policy += "\n  send: " + text
        if self.often(.5):
            texts = self.chance.sample(list(RATES), self.chance.choice([1, 2]))
            rules["at_most"] = [RATES[text] for text in texts]
            policy += "\n  at_most: [ %s ]" % ", ".join(texts)
        if self.often(.4):
            first = (EPOCH + self.start * MS).date()
            rules["holidays"] = {first + datetime.timedelta(days=self.chance.randint(0, 30)) for _ in range(3)}
            policy += "\n  holidays: [ %s ]" % ", ".join(sorted(map(str, rules["holidays"])))
        documents = [policy, "fields: { starts: time }\nevents: { %s }" % ", ".join(e + ": { n: number }" for e in EVENTS)]
        for name in ("busy", "away"):
            self.segments[name], text = self.quoted(still=True)
            documents.append("segments: { %s: %s }" % (name, text))
        if self.often(.7):
            documents.append(self.scoring(rules))
        made = [self.campaign(name) for name in self.names]
        rules["campaigns"] = [campaign for campaign, _ in made]
        rules["watchers"] = {(c["name"], i): way["if"] for c in rules["campaigns"] for i, way in enumerate(c["enter"]) if not way["on"]}
        return rules, "\n---\n".join(documents + [text for _, text in made]) + "\n"

    def lead(self, i):
        """(id, zone, fields, events in their order)"""
        fields = {"starts": self.start + self.chance.randint(-48, 960) * HOUR}
        fields.update({"email": "l%d@example.org" % i} if self.often(.9) else {})
        moments = {self.start + self.chance.randint(1, 1080) * HOUR + self.chance.choice([0, 0, 0, 30 * MINUTE, 1, -1])
                   for _ in range(self.chance.randint(2, 12))}
        for t in list(moments):
            moments |= {t + self.one_of(DURATIONS)[1][2]} if self.often(.3) else set()
        events = [(self.chance.choice(EVENTS), t, {"n": self.chance.randint(1, 12)} if self.often(.85) else {}) for t in sorted(moments)]
        return "l%d" % i, self.chance.choice([*ZONES, ""]), fields, events


def simulated(folder, writer, text, leads, until):
    template = folder / "rules" / "templates" / "m1"
    template.mkdir(parents=True)
    (template / "email.md").write_text("---\nsubject: Hello\n---\nHello\n")
    (folder / "rules" / "rules.yaml").write_text(text)
    (folder / "leads.csv").write_text("id,email,time_zone,starts\n" + "".join("%s,%s,%s,%s\n" % (
        name, fields.get("email", ""), zone, stamp(fields["starts"])) for name, zone, fields, _ in leads))
    (folder / "events.ndjson").write_text("".join(json.dumps({"lead": name, "event": event, "at": stamp(at), "properties": p}) + "\n"
                                                 for name, _, _, events in leads for event, at, p in events))
    run = nurturectl("simulate", "--leads", str(folder / "leads.csv"), "--events", str(folder / "events.ndjson"),
                     "--start", stamp(writer.start), "--until", stamp(until), "--json", str(folder / "rules"))
    assert run.returncode == 0, run.stdout + run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return {name: [((datetime.datetime.fromisoformat(line["at"].rstrip("Z")) - EPOCH) // MS, line["what"], line.get("campaign"),
                    line.get("step")) for line in lines if line.get("lead") == name and line["what"] in SHOWN]
            for name, *_ in leads}


@pytest.mark.parametrize("seed", SEEDS)
def test_timelines_are_those_of_the_description(tmp_path, seed):
    writer = Writer(seed)
    rules, text = writer.rule_set()
    leads = [writer.lead(i) for i in range(N_LEADS)]
    until = writer.start + 60 * DAY
    happened = simulated(tmp_path, writer, text, leads, until)
    for name, zone, fields, events in leads:
        lead = Lead(rules, zone, fields, writer.start)
        lead.live(events, until)
        assert [(stamp(at), *rest) for at, *rest in happened[name]] == [(stamp(at), *rest) for at, *rest in lead.out], \
            "lead %s in %s, seed %d" % (name, zone, seed)
