"""What the lints share: where the tree is, which files are in it, and how findings are shown.

A lint is called with no argument (the tree is $NT_SRCDIR, or where the script stands) or with the tree's folder, which
is how test/lint/selftest shows each of them a planted fault. Findings go to standard output as FILE:LINE: text; the exit
code is 1 if there was one, 0 if not.
"""
import os
import re
import sys

ROOMS = ["base", "template", "rules", "engine", "os", "store", "channel", "http", "main"]
PURE = ROOMS[:4]
BUILT = (".o", ".a", ".log", ".trs", ".pyc", "~")
SKIPPED = {".git", ".deps", "__pycache__", ".pytest_cache", "node_modules", "autom4te.cache", "build-aux"}


def root():
    if len(sys.argv) > 1:
        return os.path.abspath(sys.argv[1])
    here = os.path.dirname(os.path.abspath(__file__))
    return os.path.abspath(os.environ.get("NT_SRCDIR") or os.path.join(here, "..", ".."))


def files(tree, *below, ends=""):
    """Paths relative to the tree of what a person wrote, sorted."""
    found = []
    for start in below:
        top = os.path.join(tree, start)
        if os.path.isfile(top):
            found.append(start)
        for folder, folders, names in os.walk(top):
            folders[:] = [f for f in folders if f not in SKIPPED]
            for name in names:
                path = os.path.join(folder, name)
                if name.endswith(BUILT) or name == ".dirstamp" or not name.endswith(ends) or os.path.islink(path):
                    continue
                found.append(os.path.relpath(path, tree))
    return sorted(found)


def text(tree, path):
    """The file's text, or None for what isn't text (a compiled program, a corpus file)."""
    with open(os.path.join(tree, path), "rb") as f:
        raw = f.read()
    if b"\0" in raw:
        return None
    return raw.decode("utf-8", "replace")


NOISE = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def code(source):
    """C without comments and literals; line numbers stay."""
    return NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), source)


def allowed(tree, name):
    """A list beside the lints: one entry a line, '#' begins a comment."""
    path = os.path.join(tree, "test", "lint", name)
    entries = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            for line in f:
                line = line.split("#")[0].strip()
                if line:
                    entries.append(line)
    return entries


class Report:
    def __init__(self):
        self.bad = 0

    def fault(self, path, line, message):
        self.bad += 1
        print("%s:%d: %s" % (path, line, message) if line else "%s: %s" % (path, message))

    def warn(self, path, line, message):
        print("%s:%d: warning: %s" % (path, line, message))

    def end(self, what):
        print("%s: %s" % (what, "%d faults" % self.bad if self.bad else "clean"))
        sys.exit(1 if self.bad else 0)
