"""What rules mean, once more: a lead under a part of the rule language, written from its description alone, for
test_language.py to hold the engine against. No part of nurtured is used. Times are milliseconds since 1970, points
millionths; durations and windows as in civil.py, rates (n, duration or None for a calendar day), events (name, at,
properties).

Rules are dictionaries that test_language.py makes. A condition has text, value(lead, run, event) and changes(lead),
the instants at which it may change by itself: one too many does no harm.
"""
import datetime
from zoneinfo import ZoneInfo

from civil import DAY, HOUR, NEVER, decay, next_midnight, on_day, plus, turning, wall, window_next

POINT = 1_000_000
WAITS = ("wait", "clock", "window", "condition", "event")


class Run:
    def __init__(self, campaign, now, event, number):
        self.campaign, self.stood, self.waits, self.hand = campaign, number, 0, None
        self.entered, self.entry_at = now, event[1] if event else now
        self.step, self.arrived, self.anchor, self.due, self.first_due = None, False, now, NEVER, NEVER


class Lead:
    def __init__(self, rules, zone, fields, start):
        self.rules, self.fields, self.zone = rules, dict(fields), ZoneInfo(zone or rules["zone"])
        self.tags, self.stage, self.history, self.out = set(), "lead", [], []
        self.nano, self.t0, self.fit, self.level = 0, None, 0, self.level_of(0)
        self.rings = [[] for _ in rules["engagement"]]
        self.watched = {}
        self.runs, self.past, self.releases, self.waiting, self.now = [], {}, [], [], None
        self.instant(start, ("lead.created", start, {}))

    # -- what conditions read --

    def times(self, event):
        return [at for name, at, _ in self.history if name == event]

    def within(self, x, duration):
        return x <= self.now < plus(self.zone, x, duration)

    def points(self, t, fit=True):
        nano = self.nano if self.t0 is None or t <= self.t0 else decay(self.nano, t - self.t0, self.rules["half_life"])
        return (nano + (self.fit * 1000 if fit else 0) + 500_000_000) // 1_000_000_000

    def level_of(self, score):
        return ([None] + [name for name, least in self.rules["levels"] if score >= least])[-1]

    def crossing(self, least, fit=True):
        """When decay takes the points over or below `least`"""
        if not self.rules["half_life"] or self.t0 is None:
            return NEVER
        return turning(lambda t: self.points(t, fit) >= least, self.now,
                       max(self.now, self.t0) + 63 * self.rules["half_life"])

    def is_in(self, name):
        return any(run.campaign["name"] == name for run in self.runs)

    def holds(self, condition, run=None, event=None):
        return condition is None or condition.value(self, run, event or (run and run.hand))

    # -- an instant --

    def note(self, what, run=None, step=None):
        step = step or (run.step if run else None)
        self.out.append((self.now, what, run.campaign["name"] if run else None, step["id"] if step else None))

    def offer(self, name, at, properties):
        self.number += 1
        self.raised.append((self.number, (name, at, properties)))

    def announce(self, name, **properties):
        self.offer(name, self.now, properties)

    def instant(self, now, event=None):
        if now != self.now:
            self.waiting = []  # what was released has been handed over by now
        self.now, self.timers, self.number, self.raised, self.starts = now, event is None, 0, [], []
        self.fired, self.crossed, self.entered = set(), set(), set()
        for run in self.runs:
            run.stood = run.waits = 0
        if event:
            self.offer(*event)
        for _ in range(500):
            self.one_pass()
            if self.changed or self.raised:
                continue
            if not self.timers:
                self.timers = True
                if any(run.due <= now and run.step["kind"] in WAITS for run in self.runs):
                    continue
            if not self.gate():
                return
        raise RecursionError("rules that start each other without end")

    def one_pass(self):
        self.changed, self.offered, self.raised = False, self.raised, []
        for _, event in self.offered:
            self.history.append(event)
            self.earn(event)
        self.refresh()
        now_true = set()
        for key, condition in self.rules["watchers"].items():
            holds = bool(self.holds(condition))
            if holds and not self.watched.get(key) and key not in self.fired:
                now_true.add(key)
            self.watched[key] = holds
        self.fired |= now_true
        for run in list(self.runs):
            if not self.leave(run, "goal"):
                self.leave(run, "exit")
        for run in list(self.runs):
            self.go_on(run)
        for campaign in self.rules["campaigns"]:
            for i, way in enumerate(campaign["enter"]):
                if way["on"]:
                    self.enter_on(campaign, way)
                elif (campaign["name"], i) in now_true and self.may_enter(campaign):
                    self.enter(campaign, None)
            for name in self.starts:
                if name == campaign["name"] and self.may_enter(campaign):
                    self.enter(campaign, None)
        self.starts = []

    # -- points --

    def award(self, points, at):
        if points:
            nano, half_life = points * 1000, self.rules["half_life"]
            if self.t0 is None or at >= self.t0:
                self.nano = decay(self.nano, at - self.t0, half_life) + nano if self.t0 is not None else nano
                self.t0 = at
            else:
                self.nano += decay(nano, self.t0 - at, half_life)
            self.note("points")

    def counts_until(self, rate, x):
        return next_midnight(self.zone, x) if rate[1] is None else plus(self.zone, x, rate[1])

    def earn(self, event):
        for (name, condition, points, rate), ring in zip(self.rules["engagement"], self.rings):
            if name != event[0] or not self.holds(condition, None, event):
                continue
            if rate:
                left = rate[0] * POINT - sum(p for x, p in ring if x <= event[1] < self.counts_until(rate, x))
                size = max(0, min(abs(points), left))
                ring.append((event[1], size))
                points = size if points > 0 else -size
            self.award(points, event[1])

    def refresh(self):
        self.fit = sum(points for condition, points in self.rules["fit"] if self.holds(condition))
        level = self.level_of(self.points(self.now))
        if level != self.level:
            self.level, self.changed = level, True
            self.note("score.crossed")
            if level not in self.crossed:
                self.announce("score.crossed", level=level)
            self.crossed.add(level)

    # -- runs: out, on, in --

    def leave(self, run, kind):
        for way in run.campaign[kind]:
            event = None
            if way["on"]:
                event = next((e for n, e in self.offered if e[0] == way["on"] and n > run.stood and
                              e[1] >= run.entry_at and self.holds(way["if"], run, e)), None)
                if event is None:
                    continue
            elif not self.holds(way["if"], run):
                continue
            if kind == "goal":
                self.past[run.campaign["name"]]["goal"] = True
                self.note("campaign.reached_goal", run)
                self.announce("campaign.reached_goal", campaign=run.campaign["name"])
            called_back = [r for r in self.waiting if r is run]
            self.waiting = [r for r in self.waiting if r is not run]
            for _ in called_back:
                self.releases.remove(self.now)
            for other in self.runs if called_back else ():
                if other.step and other.step["kind"] == "email" and other.arrived and other.due > self.now:
                    other.due = self.now
            self.end(run)
            return True
        return False

    def end(self, run):
        self.runs.remove(run)
        self.changed = True
        self.note("campaign.left", run)
        self.announce("campaign.left", campaign=run.campaign["name"])

    def go(self, run, step):
        run.step, run.arrived, run.anchor, run.due, self.changed = step, False, self.now, NEVER, True

    def behind(self, step):
        while step is not None and step["next"] is None:
            step = step["parent"]
        return step and step["next"]

    def does(self, run, step):
        return self.holds(step["if"], run) and not (step["unless"] and self.holds(step["unless"], run))

    def act(self, run, step):
        kind, word = step["kind"], step["what"]
        if kind == "points":
            self.award(word * POINT, self.now)
            self.changed = True
            self.refresh()
        elif kind == "start":
            self.starts.append(word)
            self.changed = True
        elif kind == "stage" and self.stage != word:
            self.stage = word
            self.note("stage", run, step)
            self.changed = True
        elif kind == "tag" and word not in self.tags:
            self.tags.add(word)
            self.note("tag", run, step)
            self.changed = True

    def wait_ends(self, run):
        kind, what = run.step["kind"], run.step["what"]
        if kind == "wait":
            return plus(self.zone, run.anchor, what)
        if kind == "window":
            return window_next(self.zone, what, run.anchor)
        if kind == "clock":
            weekday, minutes = what
            day = wall(self.zone, run.anchor).date()
            while True:
                following = day + datetime.timedelta(days=1)
                at = on_day(self.zone, day, minutes)
                if at >= run.anchor and weekday in (None, day.weekday()) and \
                        on_day(self.zone, day) != on_day(self.zone, following):  # Samoa left one out
                    return at
                day = following
        return plus(self.zone, run.anchor, run.step["up_to"]) if run.step["up_to"] else NEVER

    def wait_over(self, run):
        """(is it, the branch that follows or None)"""
        step = run.step
        if step["kind"] == "event":
            for n, event in self.offered:
                if n > run.waits and event[1] >= run.anchor and event[0] == step["what"] and \
                        self.holds(step["filter"], run, event):
                    run.hand = event
                    return True, step["then"]
        elif step["kind"] == "condition" and self.holds(step["what"], run):
            return True, step["then"]
        if run.due > self.now or not self.timers:
            return False, None
        run.hand = None
        return True, step["else"]

    def go_on(self, run):
        pause = run.campaign["pause"]
        while run.step is not None:
            step = run.step
            if step["kind"] == "email":
                if not run.arrived:
                    run.arrived, run.first_due, run.due = True, self.now, self.now
                return
            if step["kind"] not in WAITS:
                if pause and self.holds(pause, run):
                    return
                branch = None
                if step["kind"] == "if":
                    branch = step["then"] if self.holds(step["what"], run) else step["else"]
                elif self.does(run, step):
                    self.act(run, step)
                self.go(run, branch or self.behind(step))
                continue
            if not run.arrived:
                if not self.does(run, step):
                    self.go(run, self.behind(step))
                    continue
                run.arrived, run.waits, run.due, run.hand = True, self.number, self.wait_ends(run), None
            over, branch = self.wait_over(run)
            if not over:
                return
            self.go(run, branch or self.behind(step))
        self.past[run.campaign["name"]]["finished"] = True
        self.end(run)

    def may_enter(self, campaign):
        name, again = campaign["name"], campaign["again"]
        if self.is_in(name) or name in self.entered:
            return False
        if name not in self.past or again == "always":
            return True
        return again != "never" and not self.within(self.past[name]["last"], again)

    def enter(self, campaign, event):
        run = Run(campaign, self.now, event, self.number)
        self.past.setdefault(campaign["name"], {"goal": False, "finished": False})["last"] = self.now
        self.entered.add(campaign["name"])
        self.go(run, campaign["steps"])
        self.runs.append(run)
        self.runs.sort(key=lambda r: r.campaign["name"])
        self.note("campaign.entered", run)
        self.announce("campaign.entered", campaign=campaign["name"])

    def enter_on(self, campaign, way):
        for _, event in self.offered:
            if event[0] == way["on"] and self.now - event[1] <= 72 * HOUR and self.may_enter(campaign) and \
                    self.holds(way["if"], None, event):
                self.enter(campaign, event)
                return

    # -- the gate --

    def opens(self, step):
        """The first instant from now on at which nothing stands against it; None: none in 400 days."""
        t = self.now
        while t - self.now <= 400 * DAY:
            before = t
            t = window_next(self.zone, step["window"], t)
            if not step["service"]:
                t = window_next(self.zone, self.rules["send"], t)
                while wall(self.zone, t).date() in self.rules["holidays"]:
                    t = next_midnight(self.zone, t)
                for rate in self.rules["at_most"]:
                    while len(counting := [u for u in (self.counts_until(rate, x) for x in self.releases)
                                           if u > t]) >= rate[0]:
                        t = min(counting)
            if t == before:
                return t
        return None

    def gives_up(self, run):
        patience = run.step["give_up"] or (None if run.step["service"] else (0, 7, 0))
        return plus(self.zone, run.first_due, patience) if patience else NEVER

    def gate(self):
        due = [run for run in self.runs if run.step["kind"] == "email" and run.arrived and run.due <= self.now]
        return any(self.decide(run) for run in
                   sorted(due, key=lambda r: (-r.campaign["priority"], r.first_due, r.campaign["name"])))

    def decide(self, run):
        """True: the step is done, one way or another."""
        step, pause, what, t = run.step, run.campaign["pause"], "message.given_up", None
        if self.now < self.gives_up(run):
            if pause and self.holds(pause, run):
                return False
            what = "message.skipped"
            if self.does(run, step) and self.fields.get("email"):
                what, t = "message.given_up", self.opens(step)
        if t == self.now:
            self.note("message.released", run)
            if not step["service"]:
                self.releases.append(t)
                self.waiting.append(run)
        elif t is not None:
            run.due = min(t, self.gives_up(run))
            return False
        else:
            self.note(what, run)
            self.announce("message.skipped", campaign=run.campaign["name"])
        self.go(run, self.behind(step))
        return True

    # -- time --

    def next_due(self):
        dues = [t for condition in self.rules["conditions"] for t in condition.changes(self)]
        dues += [self.crossing(least) for _, least in self.rules["levels"]]
        for run in self.runs:
            dues.append(run.due)
            if run.step["kind"] == "email" and run.arrived:
                dues.append(self.gives_up(run))
        return min((t for t in dues if t > self.now), default=NEVER)

    def live(self, events, until):
        for event in events:
            while self.next_due() < event[1]:
                self.instant(self.next_due())
            self.instant(event[1], event)
        while self.next_due() <= until:
            self.instant(self.next_due())
