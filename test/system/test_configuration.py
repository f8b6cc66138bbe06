"""nurtured -t: what is said of wrong configurations, to the letter."""
import os
import subprocess

import pytest

from house import BUILD, SLOW, SOURCE, House

BASE = """\
rules: rules
templates: templates
listen: 127.0.0.1:0
public_url: http://hello.example
socket: control.sock
store: { path: store.db }
tokens:
  shop: { file: token-all, scopes: [ events ] }
secrets: { links: [ link-key ] }
channels:
  email: { type: smtp, host: localhost, port: 25 }
webhooks:
  crm: { url: "http://127.0.0.1:9/hook", secret_file: hook-key }
"""
EMAIL = "  email: { type: smtp, host: localhost, port: 25 }"

# (what is written instead of what, the message without the file's name, the text that is marked)
CAUSES = {
    "unknown key": ("public_url:", "publik_url:", "4:1: error: unknown key 'publik_url' in nurtured.yaml (did you mean 'public_url'?)", "publik_url"),
    "missing key": ("store: { path: store.db }\n", "", "1:1: error: nurtured.yaml needs 'store': where everything is kept", "rules: rules"),
    "listen without a port": ("listen: 127.0.0.1:0", "listen: localhost", "3:9: error: 'listen' is an address and a port: 127.0.0.1:8480", "localhost"),
    "listen on no port": ("127.0.0.1:0", "127.0.0.1:99999", "3:9: error: 'listen' is an address and a port: 127.0.0.1:8480", "127.0.0.1:99999"),
    "no URL": ("http://hello.example", "hello.example", "4:13: error: 'public_url' begins with https:// (or http:// for trying out)", "hello.example"),
    "no such secret": ("token-all", "no-such-file", "8:17: error: this secret can't be read: Failed to open file “./no-such-file”: No such file or directory",
                       "no-such-file"),
    "short token": ("token-all", "short", "8:3: error: this token is too short to be safe: make one with `openssl rand -hex 32`", "shop"),
    "short key": ("link-key", "short", "9:21: error: this key is too short to be safe: make one with `openssl rand -hex 32`", "short"),
    "empty key": ("link-key", "empty", "9:21: error: './empty' is empty", "empty"),
    "key as text": ("[ link-key ]", "link-key", "9:19: error: 'links' is a list of files: [ link-key ]", "link-key"),
    "unknown scope": ("[ events ]", "[ event ]", "8:38: error: unknown scope 'event' (did you mean 'events'?): one of events, leads:read, leads:write, "
                      "queue, metrics, admin", "event"),
    "scopes as text": ("[ events ]", "events", "8:36: error: 'scopes' is a list: [ events, \"leads:read\" ]", "events"),
    "unknown type": ("smtp", "smpt", "11:18: error: channel 'email' needs a type: smtp, http, exec or spool (did you mean 'smtp'?)", "smpt"),
    "no such port": ("port: 25", "port: 70000", "11:47: error: 'port' must be a whole number from 1 to 65535", "70000"),
    "unknown choice": ("port: 25", "tls: always", "11:46: error: unknown tls 'always': one of none, if_offered, starttls", "always"),
    "no rate": ("port: 25", "rate: 20 per fortnight", "11:47: error: a rate reads '20 per second', or per minute, hour or day", "20 per fortnight"),
    "no time-out": ("port: 25", "timeout: 3 days", "11:50: error: 'timeout' must be a duration such as '30 seconds', from 1 seconds to 600 seconds", "3 days"),
    "half a login": ("port: 25", "auth_user: x", "11:3: error: 'auth_user' and 'auth_password_file' go together", "email"),
    "unknown channel key": ("port: 25", "prot: 25", "11:41: error: unknown key 'prot' in a channel (did you mean 'port'?)", "prot"),
    "no host": ("host: localhost, ", "", "11:3: error: a channel needs 'host': the relay", "email"),
    "program without path": (EMAIL, "  fax: { type: exec, command: [ sendfax ] }",
                             "11:33: error: the program needs its whole path: no search is made for it", "sendfax"),
    "no such program": (EMAIL, "  fax: { type: exec, command: [ /no/such ] }",
                        "11:33: error: '/no/such' can't be run: it isn't there, or isn't executable", "/no/such"),
    "ftp": ("http://127.0.0.1:9/hook", "ftp://x", "13:15: error: a webhook's URL begins with https:// or http://", '"ftp://x"'),
    "no size": ("socket: control.sock", "body_limit: 3 lightyears", "5:13: error: 'body_limit' must be a size such as '8 MiB'", "3 lightyears"),
    "no duration": ("socket: control.sock", "stop_within: soon", "5:14: error: 'stop_within' must be a duration such as '30 seconds', from 0 seconds "
                    "to 600 seconds", "soon"),
    "twice": ("socket: control.sock", "listen: 127.0.0.1:1", "5:1: error: 'listen' stands here twice (first on line 3) [declared-twice]", "listen"),
    "too few": ("socket: control.sock", "connections: 3", "5:14: error: 'connections' must be a whole number from 10 to 60000", "3"),
}


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path / "house", rules={"all.yaml": "policy:\n  time_zone: UTC\n"})
    house.write("short", "short\n")
    house.write("empty", "")
    return house


def check(house, text):
    house.write("nurtured.yaml", text)
    return subprocess.run([os.path.join(BUILD, "nurtured"), "-t", "-c", "nurtured.yaml"], cwd=house.folder, capture_output=True,
                          text=True, timeout=20 * SLOW, check=False)


def test_all_is_well(house):
    done = check(house, BASE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "nurtured.yaml: configuration and rules are fine (0 campaigns)\n", "")


@pytest.mark.parametrize("cause", CAUSES)
def test_one_message_for_one_cause(house, cause):
    old, new, message, marked = CAUSES[cause]
    assert old in BASE
    done = check(house, BASE.replace(old, new, 1))
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == ""
    assert lines[0] == "nurtured.yaml:" + message
    assert len(lines) == 3, lines
    row, column = (int(n) for n in message.split(":")[:2])
    text, marks = lines[1].split(" | ", 1)[1], lines[2].split(" | ", 1)[1]
    assert int(lines[1].split("|")[0]) == row
    assert marks.index("^") == column - 1 and text[column - 1:].startswith(marked)
    assert marks.strip() == "^" + "~" * (len(marked) - 1)


def test_all_that_is_wrong_is_said_at_once(house):
    text = BASE.replace("smtp", "smpt").replace("public_url", "publik_url").replace("[ events ]", "[ event ]").replace("http://127", "127")
    done = check(house, text)
    assert done.returncode == 1
    assert done.stderr.count("error:") >= 4, done.stderr


@pytest.mark.parametrize("text,said", [("", "error: nurtured.yaml is empty\n"), ("a: [\n", "nurtured.yaml:2:1: error: broken YAML: "),
                                       ("- a\n", "nurtured.yaml:1:1: error: ")])
def test_no_configuration_at_all(house, text, said):
    done = check(house, text)
    assert done.returncode == 1 and done.stderr.startswith(said), done.stderr


def test_wrong_rules_are_shown_too(house):
    house.write("rules/all.yaml", "policy:\n  time_zone: Mars/Olympus\n")
    done = check(house, BASE)
    assert done.returncode == 1
    assert "rules/all.yaml:2:14: error: " in done.stderr and "Mars/Olympus" in done.stderr
    house.write("rules/all.yaml", "policy:\n  time_zone: UTC\n---\nevents: { a.b: {} }\n---\ncampaign: c\nenter: { on: a.b }\nsteps: [ sms: hello ]\n")
    house.write("templates/hello/sms.txt", "hello\n")
    done = check(house, BASE)
    assert done.returncode == 1 and "sms" in done.stderr, done.stderr


def test_the_sample_configuration_is_understood(house):
    """contrib/nurtured.yaml as installed, but for its paths."""
    with open(os.path.join(SOURCE, "contrib", "nurtured.yaml"), encoding="utf-8") as f:
        text = f.read()
    for name in ("token-website", "token-shop", "token-monitor", "webhook-crm", "kannel-password"):
        house.write(name, "0123456789abcdef0123456789abcdef" + name)
    text = (text.replace("/etc/nurtured/rules", os.path.join(SOURCE, "rules")).replace("/etc/nurtured/templates", os.path.join(SOURCE, "templates"))
            .replace("/var/lib/nurtured", house.folder).replace("/var/spool/nurtured", house.folder)
            .replace("/run/nurtured", house.folder) + "\nproviders: %s\n" % os.path.join(SOURCE, "contrib", "providers"))
    done = check(house, text)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.mark.parametrize("arguments,code,said", [
    (["--clock-speed", "fast"], 2, "--clock-speed needs a number"), (["--clock-start", "tomorrow"], 2, "--clock-start needs a time"),
    (["--no-such-option"], 2, "usage: nurtured"), (["extra"], 2, "nothing is expected"), (["--version"], 0, "nurtured "),
    (["--help"], 0, "usage: nurtured"),
])
def test_command_line(arguments, code, said):
    done = subprocess.run([os.path.join(BUILD, "nurtured"), *arguments], capture_output=True, text=True, timeout=20 * SLOW, check=False)
    assert done.returncode == code and said in done.stdout + done.stderr
