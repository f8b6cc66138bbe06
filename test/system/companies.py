"""Lives by chance under the two rule sets that are as big as a real company's (test/cases/software-company, training-school):
leads that fit their dictionaries, what those do, what becomes of messages, and what reps answer."""
import datetime
import json
import os

from house import SOURCE, instant, stamp

ZONES = ["America/New_York", "America/Denver", "Europe/Berlin", "Europe/Vienna", "Australia/Lord_Howe", "Asia/Kolkata", ""]
OUTCOMES = ["opened"] * 4 + ["clicked"] * 4 + ["replied"] * 3 + ["delivered", "bounced", "unsubscribed", "complained"]
BIRTH = "a lead comes"
CHANNELS = ["email", "sms", "voice", "fax", "letter", "push", "social"]
DAYS = 70
CALM = (45, 52)                # days of which nothing comes from outside


class Life:
    """One lead's. Milliseconds tell all that comes from outside apart: nothing falls into the instant of something else."""

    def __init__(self, company, chance, lead):
        self.company, self.chance, self.lead = company, chance, lead

    def add(self, day, name, /, consent=None, **properties):
        at = self.company.moment(self.chance, day)
        event = {"id": "e%d" % len(self.company.events), "lead": self.lead, "event": name, "at": stamp(at),
                 "properties": properties}
        if consent:
            event["consent"] = {channel: True for channel in consent}
        self.company.events.append(event)

    def often(self, name, most, day, days, /, **properties):
        for _ in range(self.chance.randint(1, most)):
            self.add(day + self.chance.random() * days, name, **properties)

    def date(self, day):
        return str((self.company.start + datetime.timedelta(days=day)).date())

    def time(self, day):
        return stamp(self.company.start + datetime.timedelta(days=day, minutes=self.chance.randrange(1440)))

    def one(self, *choices):
        return self.chance.choice(choices)


class Company:
    name = None
    reps = ()
    reasons = ()
    webhooks = ()
    calls = ()                  # after these, reps have something to say
    numbers = ()                # fields
    stories = ()

    def __init__(self, chance, n, start):
        self.start = start
        self.taken = set()
        self.leads, self.events = [], []
        for i in range(n):
            life = Life(self, chance, "lead-%03d" % i)
            born = stamp(self.moment(chance, chance.random() * (DAYS - 20))) if chance.random() < .3 else ""
            self.leads.append({"id": life.lead, "created_at": born, **self.person(life, i), **self.fields(life)})
        for i in range(n + max(1, n // 20)):                # the last of them come by their events alone
            life = Life(self, chance, "lead-%03d" % i)
            for story in chance.sample(self.stories, chance.randint(3, 5)):
                story(self, life, chance.random() * (DAYS - 12))
            self.answers(life)
        born = {lead["id"]: lead["created_at"] for lead in self.leads}
        self.events = sorted((event for event in self.events if born.get(event["lead"], "") < event["at"] < stamp(self.end)),
                             key=lambda event: event["at"])

    def day(self, number):
        return self.start + datetime.timedelta(days=number)

    @property
    def end(self):
        return self.day(DAYS)

    def ids(self):
        return sorted({lead["id"] for lead in self.leads} | {event["lead"] for event in self.events})

    @property
    def folder(self):
        return os.path.join(SOURCE, "test", "cases", self.name)

    def moment(self, chance, day):
        if CALM[0] - 1 <= day < CALM[1]:
            day += CALM[1] - CALM[0] + 1
        at = self.start + datetime.timedelta(milliseconds=int(day * 86_400_000) + chance.randint(1, 40_000_000))
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        while at.microsecond == 0 or at in self.taken:
            at += datetime.timedelta(milliseconds=1)
        self.taken.add(at)
        return at

    @staticmethod
    def person(life, i):
        zone = life.chance.choice(ZONES)
        country = {"America": "US", "Europe/Berlin": "DE", "Europe/Vienna": "AT"}
        # Two leads with one address: what one refuses, both have. From the start the first of them only: they all come at
        # one instant, in which simulate takes them together and the daemon one by one.
        mail = i - 1 if life.chance.random() < .2 and i % 2 == 1 else i
        return {
            "email": "p%d@%s" % (mail, "gmail.com" if mail % 7 == 0 else "customer.example") if mail % 11 else "",
            "phone": "+1202555%04d" % (100 + i) if i % 3 else "", "fax": "+1202556%04d" % i if i % 4 == 0 else "",
            "first_name": life.one("Ann", "José", "雪", ""), "last_name": "Nr %d" % i, "company": "Works %d" % i,
            "postal_address": "%d Mill Lane; Springfield" % i if i % 5 else "",
            "country": country.get(zone, country.get(zone.split("/")[0], life.one("GB", ""))), "time_zone": zone,
            "postal_code": life.one("28195", "10115", ""), "locale": life.one("de-AT", "de", "en-GB", ""),
            "consent_sms": life.one("", "", "yes", "no"), "consent_push": life.one("", "yes"),
            "consent_email": life.one("", "", "", "no") if i % 2 == 0 else "",
        }

    def answers(self, life):
        """What becomes of messages: of the latest on that channel. And what reps say, mostly whoever has the lead."""
        for _ in range(life.chance.randint(0, 9)):
            channel = life.one("email", "email", "email", "sms", "push")
            life.add(1 + life.chance.random() * DAYS, "%s.%s" % (channel, life.one(*OUTCOMES)))
        for _ in range(life.chance.randint(0, 4)):
            life.add(life.chance.random() * DAYS, "task.done")
        asked = [instant(event["at"]) for event in self.events if event["lead"] == life.lead and event["event"] in self.calls]
        for day in [(at - self.start) / datetime.timedelta(days=1) for at in asked] + [life.chance.random() * DAYS]:
            if life.chance.random() < .6:
                life.add(day + life.chance.random(), "lead.accepted", **life.one({}, {}, {}, {"rep": life.one(*self.reps)}))
            if life.chance.random() < .6:
                name = life.one("deal.won", "deal.lost", "lead.sent_back", "lead.sent_back")
                life.add(day + 1 + 5 * life.chance.random(), name,
                         **({"reason": life.one(*self.reasons)} if name == "lead.sent_back" else {}))

    def births(self):
        """Of leads that come later, in order of time, as if they were events; of the others with the instant ""."""
        return sorted(({"event": BIRTH, "lead": lead["id"], "at": lead["created_at"], "fields": self.typed(lead)} for lead in self.leads),
                      key=lambda birth: birth["at"])

    def write(self, house, after=""):
        """Files of what comes after an instant, or of all."""
        leads = [lead for lead in self.leads if lead["created_at"] >= after]
        house.write("leads.csv", "\n".join(",".join(cells) for cells in [self.leads[0], *(lead.values() for lead in leads)]) + "\n")
        house.write("events.ndjson", "".join(json.dumps(event) + "\n" for event in self.events if event["at"] >= after))

    def typed(self, lead):
        """As JSON, without what is empty."""
        consent = {name[8:]: value == "yes" for name, value in lead.items() if name.startswith("consent_") and value != ""}
        fields = {name: float(value) if name in self.numbers else value == "yes" if value in ("yes", "no") else value
                  for name, value in lead.items() if name not in ("id", "created_at") and not name.startswith("consent_") and value != ""}
        return {**fields, **({"consent": consent} if consent else {})}


class SoftwareCompany(Company):
    name = "software-company"
    reps = ("anna", "cem", "bob", "dora", "emil")
    reasons = ("too_early", "no_budget", "bad_fit", "bad_data", "wrong_team")
    webhooks = ("accounting",)
    calls = ("demo.requested", "callback.asked", "quote.opened", "pricing.viewed")
    numbers = ("company_size", "seats", "nps")

    def fields(self, life):
        return {
            "company_size": life.one("", "3", "60", "600"), "job_role": life.one("", "owner", "manager", "planner", "it"),
            "industry": life.one("", "building", "civil", "plumbing"), "plan": life.one("", "", "none", "trial", "team", "business"),
            "seats": life.one("", "5", "80"), "trial_ends": life.one("", life.date(life.chance.randint(5, 40))),
            "renews_on": life.one("", life.date(life.chance.randint(20, 110))),
            "birthday": life.one("", "1980" + life.date(life.chance.randint(1, 68))[4:]), "onboarded": life.one("", "yes", "no"),
            "partner": life.one("", "", "", "bricks"), "nps": life.one("", "", "4", "8", "9", "10"),
            "preferred": life.one("", "email", "sms", "voice"),
        }

    def trial(self, life, day):
        life.add(day, "trial.started", consent=life.one((), ("sms",), ("sms", "voice")))
        if life.chance.random() < .7:
            life.often("app.login", 8, day, 12)
        if life.chance.random() < .5:
            life.often("project.created", 5, day, 9, name="Shed")
        if life.chance.random() < .3:
            life.often("teammate.invited", 3, day, 9, count=2)
        if life.chance.random() < .3:
            life.often("import.failed", 5, day, 2, reason="columns")
        if life.chance.random() < .3:
            life.add(day + 9, "trial.extended", days=life.one(5, 7, 14))

    def quote(self, life, day):
        for number in range(life.chance.randint(1, 2)):
            quote = "q%d" % life.chance.randint(1, 3)
            amount = life.one(900, 12000)
            life.add(day + number, "quote.sent", quote_id=quote, amount=amount, valid_until=life.date(int(day) + life.chance.randint(5, 30)))
            for _ in range(life.chance.randint(0, 3)):
                life.add(day + 8 * life.chance.random(), "quote.opened", quote_id=quote)
            if life.chance.random() < .3:
                life.add(day + 9, "quote.accepted", quote_id=quote, amount=amount)

    def order(self, life, day):
        life.often("order.placed", 2, day, 12, order_id="o%d" % life.chance.randint(1, 9), amount=life.one(900, 26000), seats=4)
        if life.chance.random() < .5:
            life.add(day + 12 + 38 * life.chance.random(), "survey.answered", score=life.chance.randint(3, 10))

    def invoice(self, life, day):
        for number in range(life.chance.randint(1, 2)):
            life.add(day + number, "invoice.overdue", invoice_id="i%d" % number, amount=life.one(90, 4000))
        if life.chance.random() < .5:
            life.add(day + 30 * life.chance.random(), "invoice.paid", invoice_id="i0")

    def ticket(self, life, day):
        for number in range(life.chance.randint(1, 3)):
            ticket = "t%d" % life.chance.randint(1, 3)
            life.add(day + number, "ticket.opened", ticket_id=ticket, severity=life.one("high", "low"))
            if life.chance.random() < .6:
                life.add(day + number + 3 * life.chance.random(), "ticket.closed", ticket_id=ticket)

    def reader(self, life, day):
        life.often("guide.downloaded", 3, day, 20, guide="planning")
        life.often("pricing.viewed", 5, day, 25, page="/prices")
        life.often("site.visited", 8, day, 25, page="/")
        if life.chance.random() < .4:
            life.add(day, "newsletter.joined")

    def webinar(self, life, day):
        for _ in range(life.chance.randint(1, 3)):
            name = life.one("spring", "user-day", "cranes")
            life.add(day, "webinar.registered", webinar=name, starts_at=life.time(day + 2 + 8 * life.chance.random()))
            if life.chance.random() < .7:
                life.add(day + 11, life.one("webinar.attended", "webinar.missed"), webinar=name,
                         **life.one({}, {"minutes": life.chance.randint(10, 90)}))

    def demo(self, life, day):
        for _ in range(life.chance.randint(0, 2)):
            life.add(day + 5 * life.chance.random(), "demo.booked", starts_at=life.time(day + 3 + 5 * life.chance.random()))
        life.add(day, life.one("demo.requested", "callback.asked"))

    def customer(self, life, day):
        life.add(day, "contract.signed")
        life.often("app.login", 3, day - 5 if day > 5 else 0, 3)
        life.often("seats.full", 2, day, 20, used=9)
        if life.chance.random() < .4:
            life.add(day + 5, "plan.cancelled", reason="price")
        if life.chance.random() < .4:
            life.add(day + 8, "referral.sent", to="friend@customer.example")

    stories = (trial, trial, quote, order, invoice, ticket, reader, webinar, demo, customer)


class TrainingSchool(Company):
    name = "training-school"
    reps = ("jutta", "mehmet", "silke", "rolf")
    reasons = ("later", "no_money", "wrong_kind", "unreachable", "not_mine")
    webhooks = ("employer-portal",)
    calls = ("advice.booked", "group.asked", "complaint.made", "open_day.attended")
    numbers = ("employer_size", "vouchers")

    def fields(self, life):
        return {
            "birthday": life.one("", "1980" + life.date(life.chance.randint(1, 68))[4:]),
            "interest": life.one("", "welding", "electrics", "first-aid", "languages"), "employer": life.one("", "Werk"),
            "employer_size": life.one("", "12", "300"), "pays": life.one("", "self", "employer", "employer", "state"),
            "certificate_ends": life.one("", life.date(life.chance.randint(-20, 150))),
            "course_starts": life.one("", life.date(life.chance.randint(1, 60))),
            "retirement": life.one("", life.date(365 + life.chance.randint(1, 60))),
            "level_of_german": life.one("", "A2", "B2", "native"), "has_children": life.one("", "yes", "no"),
            "shift": life.one("", "early", "late", "night"), "vouchers": life.one("", "0", "2"),
        }

    def brochure(self, life, day):
        life.often("brochure.asked", 4, day, 30, course="welding")
        life.often("page.viewed", 8, day, 20, page=life.one("/", "/prices", "/first-aid"), seconds=life.one(8, 40, 300))

    def browse(self, life, day):
        life.often("page.viewed", 12, day, 3, page=life.one("/", "/prices", "/first-aid"), seconds=life.one(8, 40, 300))
        if life.chance.random() < .5:
            life.add(day, "newsletter.joined", consent=life.one((), ("sms",), ("voice", "push"), ("push", "fax", "sms")))
        life.often("app.opened", 3, day, 20)

    def open_day(self, life, day):
        for _ in range(life.chance.randint(1, 2)):
            held = life.chance.randint(1, 12)
            life.add(day, "open_day.registered", consent=life.one((), ("push",)), day=life.date(int(day) + held))
            if life.chance.random() < .6:
                life.add(day + held, "open_day.attended", day=life.date(int(day) + held))

    def advice(self, life, day):
        for _ in range(life.chance.randint(1, 2)):
            held = 1 + 6 * life.chance.random()
            life.add(day, "advice.booked", consent=life.one((), ("sms",), ("voice", "fax")), at_time=life.time(day + held), place="Bremen")
            if life.chance.random() < .7:
                life.add(day + held + .3, "advice.held", minutes=life.chance.randint(10, 60), result=life.one("books", "voucher", "thinks"))

    def voucher(self, life, day):
        for number in range(life.chance.randint(1, 2)):
            life.add(day + number, "voucher.granted", voucher_id="v%d" % number, value=400,
                     ends_on=life.date(int(day) + life.chance.randint(10, 60)))
        if life.chance.random() < .4:
            life.add(day + 20 * life.chance.random(), "voucher.used", voucher_id="v0")

    def course(self, life, day):
        course = "c%d" % life.chance.randint(1, 3)
        begins = life.chance.randint(1, 25)
        life.add(day, "course.booked", course_id=course, price=900, starts_on=life.date(int(day) + begins),
                 ends_on=life.date(int(day) + begins + 20))
        life.add(day + begins, "course.started", course_id=course)
        if life.chance.random() < .4:
            life.often("lesson.missed", 5, day + begins, 10, course_id=course)
        if life.chance.random() < .5:
            life.add(day + begins + 20, "exam.failed", course_id=course, points=life.chance.randint(30, 49))
        if life.chance.random() < .5:
            life.add(day + begins + 25, "exam.passed", course_id=course, grade=life.one(1, 1.5, 3))
            life.add(day + begins + 26, "certificate.issued", course_id=course, valid_until=life.date(int(day) + 200))
        if life.chance.random() < .2:
            life.add(day + 5, "course.cancelled", course_id=course, reason="ill")
        life.add(day + begins + 27, "feedback.given", course_id=course, stars=life.chance.randint(1, 5))

    def invoice(self, life, day):
        for number in range(life.chance.randint(1, 2)):
            life.add(day + number, "invoice.sent", invoice_id="i%d" % number, amount=life.one(0, 90, 400),
                     due_on=life.date(int(day) + life.chance.randint(-2, 9)))
        if life.chance.random() < .5:
            life.add(day + 30 * life.chance.random(), "invoice.paid", invoice_id="i0")

    def waitlist(self, life, day):
        course = "c%d" % life.chance.randint(1, 2)
        life.add(day, "waitlist.joined", course_id=course)
        life.often("place.free", 3, day, 20, course_id=course)

    def group(self, life, day):
        life.often("group.asked", 2, day, 30, people=life.chance.randint(2, 12), topic="welding")
        if life.chance.random() < .5:
            life.add(day + 4 * life.chance.random(), "offer.sent", offer_id="f1", amount=900)
        if life.chance.random() < .3:
            life.add(day + 12 * life.chance.random(), "offer.signed", offer_id="f1")

    def trouble(self, life, day):
        life.often("complaint.made", 2, day, 20, about="the heating")
        if life.chance.random() < .6:
            life.add(day + 12 * life.chance.random(), "complaint.settled")
        if life.chance.random() < .4:
            life.add(day, "friend.named", phone="+494215550199")

    def job(self, life, day):
        life.add(day, "employer.changed")
        life.often("app.opened", 2, day, 20)

    stories = (brochure, browse, open_day, advice, voucher, course, course, invoice, waitlist, group, trouble, job)
