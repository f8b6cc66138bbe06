"""Writes a rule set as big as a real company's: 20 campaigns of 13 steps with three tests each, 50 segments, 80 templates,
60 scoring rules, 20 reps. `python3 company.py FOLDER`, or write(FOLDER)."""
import pathlib
import sys

ZONES = ["America/New_York", "Europe/Berlin", "Asia/Tokyo", "Australia/Sydney"]
SENTENCE = "We write about what we see in halls and kitchens, and what came of it. "
TEMPLATE = """---
subject: News {c} {s}{{% if first_name %}}, {{{{ first_name }}}}{{% endif %}}
preheader: what is new
---
Hello {{{{ first_name | default: "there" }}}},

thank you for the interest in our scales. {six}

- one [link](https://example.org/a)
- two

{twelve}
{{% if company %}}At {{{{ company }}}}{{% endif %}}
"""
TEST = """
  - name: test {c} {t}
    lead: {{ id: ann, email: ann@example.org, country: US, time_zone: America/New_York }}
    events:
      - {{ at: 2026-03-02 10:00, on: thing{c}.done }}
    expect:
      - {{ at: 2026-03-02 10:00, email: message-{c}-0 }}
"""


def segment(i):
    other = f' and not in_segment("segment-{i - 1}")' if i % 3 else ""
    return (f'  segment-{i}: (field_{2 * (i % 20) + 1} >= {i} or count("thing{i % 40}.done", {i % 9 + 1} days) >= {i % 5 + 1})'
            f' and country in ["US", "CA", "DE"] and since(last("thing{(i + 7) % 40}.done")) > {i % 30 + 1} days{other}\n')


def steps(c):
    for s in range(4):
        yield f'  - email: message-{c}-{s}\n    unless: in_segment("segment-{(c + s) % 50}") and score < {s + 1}0\n'
        yield f"  - wait: {s + 2} days\n"
    yield (f"  - wait_for: thing{c}.done\n    up_to: 3 days\n    then:\n      - tag: t{c}\n"
           f'      - if: in_segment("segment-{c + 10}")\n        then: [ hand_off: warm ]\n    else:\n      - wait: 2 days\n')


def campaign(c):
    return (f"campaign: campaign-{c}\ntitle: Campaign {c}\npriority: {c % 10}\n"
            f'enter:\n  - on: thing{c}.done\n    if: not in_segment("segment-{c}") or event.amount > 100\n  - by_hand: true\n'
            f'again: after 90 days\ngoal:\n  on: thing{(c + 1) % 40}.done\nexit:\n  - when: stage == "customer"\n'
            f'pause: in_segment("segment-{c + 30}")\nsteps:\n' + "".join(steps(c)) + "tests:" + "".join(TEST.format(c=c, t=t) for t in range(3)))


def write(folder):
    top = pathlib.Path(folder)

    def put(path, text):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text, encoding="utf-8")

    put("fields.yaml", "fields:\n" + "".join(f"  field_{i}: {'number' if i % 2 else 'text'}\n" for i in range(40)))
    put("events.yaml", "events:\n" + "".join(f"  thing{i}.done: {{ page: text, amount: number }}\n" for i in range(40)))
    put("segments.yaml", "segments:\n" + "".join(segment(i) for i in range(50)))
    put("policy.yaml", 'policy:\n  sender: { name: A, email: a@example.org, phone: "+1 555 0100", address: "1 Main St" }\n'
        "  time_zone: America/New_York\n  send: mon-fri 08:00-20:00\n  at_most: [ 1 per day, 3 per week ]\n")
    put("scoring.yaml", "scoring:\n  half_life: 14 days\n  fit:\n"
        + "".join(f'    - {{ if: in_segment("segment-{i}"), points: {i} }}\n' for i in range(30, 50)) + "  engagement:\n"
        + "".join(f"    - {{ on: thing{i}.done, points: {i + 1}, at_most: 30 per week }}\n" for i in range(40))
        + "  levels: { cold: 0, warm: 40, hot: 80 }\n")
    put("sales.yaml", "sales:\n  ready: [ { when: score >= 80, reason: hot } ]\n  reps:\n"
        + "".join(f"    rep-{i}: {{ email: r{i}@example.org, time_zone: {ZONES[i % 4]}, hours: mon-fri 09:00-17:00 }}\n" for i in range(20))
        + "  teams: { all: { reps: [" + ", ".join(f"rep-{i}" for i in range(20)) + "] } }\n"
        "  route: [ { to: team all } ]\n  tell: [ email: offer ]\n")
    put("templates/offer/email.md", "---\nsubject: A lead\n---\nHello {{ rep.name }}: {{ lead.email }}\n")
    for c in range(20):
        put(f"campaigns/c{c:02}.yaml", campaign(c))
        for s in range(4):
            put(f"templates/message-{c}-{s}/email.md", TEMPLATE.format(c=c, s=s, six=SENTENCE * 6, twelve=SENTENCE * 12))


if __name__ == "__main__":
    write(sys.argv[1])
