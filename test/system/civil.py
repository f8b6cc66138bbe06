"""Wall clocks, windows and decay as the rule language has them (part II.2), for language.py: instants are milliseconds since
1970, durations (months, days, ms), windows ({weekdays}, minute, minute)."""
import datetime
import math

EPOCH = datetime.datetime(1970, 1, 1)
MS = datetime.timedelta(milliseconds=1)
HOUR, DAY = 3_600_000, 86_400_000
NEVER = 1 << 62


def wall(zone, t):
    aware = (EPOCH + t * MS).replace(tzinfo=datetime.timezone.utc).astimezone(zone)
    return EPOCH + t * MS + aware.utcoffset()


def resolve(zone, reading):
    """The first instant at which the clock shows it; in a gap, the first after."""
    u = (reading - EPOCH) // MS
    found = [t for t in (u - reading.replace(tzinfo=zone, fold=fold).utcoffset() // MS for fold in (0, 1))
             if wall(zone, t) == reading]
    return min(found) if found else turning(lambda t: wall(zone, t) >= reading, u - 26 * HOUR, u + 26 * HOUR)


def turning(holds, low, high):
    """The first t in (low, high] at which holds(t) isn't what it is at low, and stays so; NEVER if there is none."""
    before = holds(low)
    if holds(high) == before:
        return NEVER
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) == before else (low, middle)
    return high


def on_day(zone, day, minutes=0):
    return resolve(zone, datetime.datetime(day.year, day.month, day.day) + datetime.timedelta(minutes=minutes))


def months_on(reading, months):
    year, month = divmod(reading.year * 12 + reading.month - 1 + months, 12)
    last = (datetime.date(year + month // 11, (month + 1) % 12 + 1, 1) - datetime.timedelta(days=1)).day
    return reading.replace(year=year, month=month + 1, day=min(reading.day, last))


def plus(zone, t, duration):
    months, days, ms = duration
    if months or days:
        t = resolve(zone, months_on(wall(zone, t), months) + datetime.timedelta(days=days))
    return t + ms


def minus(zone, t, duration):
    months, days, ms = duration
    t -= ms
    if months or days:
        t = resolve(zone, months_on(wall(zone, t) - datetime.timedelta(days=days), -months))
    return t


def next_midnight(zone, t):
    return on_day(zone, wall(zone, t).date() + datetime.timedelta(days=1))


def window_next(zone, windows, t):
    """t if it lies in one of them, or if there are none; else the next that opens."""
    if not windows:
        return t
    found, today = [], wall(zone, t).date()
    for ahead in range(-2, 17):
        day = today + datetime.timedelta(days=ahead)
        for days, start, end in windows:
            if day.weekday() in days:
                opens, ends = on_day(zone, day, start), on_day(zone, day, end if end > start else end + 1440)
                if opens < ends and ends > t:
                    found.append(max(opens, t))
    return min(found)


# ---- decay ----

def square_roots():
    """floor(2^63 * 2^(-2^-i)) for i from 1 to 32"""
    x = math.isqrt(1 << 799)
    for _ in range(32):
        yield (x << 63) >> 400
        x = math.isqrt(x << 400)


C = list(square_roots())


def decay(nano, elapsed, half_life):
    if not half_life:
        return nano
    q, r = divmod(elapsed, half_life)
    if q >= 63:
        return 0
    f, m = (r << 32) // half_life, 1 << 63
    for i in range(1, 33):
        if f >> (32 - i) & 1:
            m = m * C[i - 1] >> 63
    size = (abs(nano) * m >> 63) >> q
    return -size if nano < 0 else size
