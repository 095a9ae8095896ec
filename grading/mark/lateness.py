"""What is late: by the flag of the system it was handed in through, or by the deadline.

When a file was last changed says nothing: downloading or copying it changes that.
"""

from __future__ import annotations

import datetime
import zoneinfo

from course_utils.texts import text


def moment(deadline: str) -> datetime.datetime | None:
    """A deadline as a moment, or None for any other words.

    '2026-12-04 18:00' is in this computer's time zone, '2026-12-04T18:00+09:00' says its own, and
    '2026-12-04' is over at the end of that day.
    """
    try:
        read = datetime.datetime.fromisoformat(deadline.strip())
    except ValueError:
        return None
    if len(deadline.strip()) <= len("2026-12-04"):
        read += datetime.timedelta(days=1)
    return read if read.tzinfo else read.astimezone()


def nbgrader_moment(timestamp: str) -> datetime.datetime | None:
    """When nbgrader took a submission, from its timestamp.txt: '2026-12-04 18:00:02.5 UTC'."""
    time, _, zone = timestamp.strip().rpartition(" ")
    try:
        read = datetime.datetime.fromisoformat(time)
        return read.replace(tzinfo=zoneinfo.ZoneInfo(zone))
    except (ValueError, zoneinfo.ZoneInfoNotFoundError):
        return None


def late_by(handed_in: datetime.datetime, deadline: datetime.datetime) -> str:
    """'handed in 2 h 5 min after the deadline'; '' if it was not after it."""
    minutes = (handed_in - deadline).total_seconds() / 60
    if minutes <= 0:
        return ""
    hours, minutes = divmod(max(1, round(minutes)), 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    time = " ".join(f"{n} {unit}" for n, unit in parts if n)
    return text("late.by", "handed in {time} after the deadline", time=time)


def lateness(
    deadline: str,
    *,
    flagged: bool,
    handed_in: datetime.datetime | None,
    not_before: datetime.datetime | None,
) -> str:
    """How a submission is known to be late; '' where nothing says so.

    flagged: the system says it. handed_in: when, where that is known. not_before: when it was not
    there yet.
    """
    if flagged:
        return text("late.flagged", "marked as late where it was handed in")
    due = moment(deadline)
    if due is None:
        return ""
    if handed_in is not None:
        return late_by(handed_in, due)
    if not_before is not None and not_before >= due:
        day = not_before.astimezone().strftime("%Y-%m-%d %H:%M")
        return text(
            "late.not_there_yet",
            "not there yet when you marked on {day}, after the deadline",
            day=day,
        )
    return ""
