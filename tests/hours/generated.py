"""Rows that must be taken, drawn by hypothesis, and an independent count of their minutes."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

NAMES = st.text("abcdefghijklmnopqrstuvwxyzëçABC'-=;,\"\t€ ", min_size=1, max_size=30).map(
    lambda text: f"N{text.replace(chr(9), ' ').strip()}"
)
FIRST = date(2026, 6, 1)  # from here no night with a change of the clock in 100 days


@st.composite
def shift_rows(draw):
    """Draw 1 to 6 rows, each of another person, each valid."""
    count = draw(st.integers(1, 6))
    return [_row(draw, number) for number in range(count)]


def _row(draw, number):
    start, length = draw(st.integers(0, 1439)), draw(st.integers(2, 959))
    pause = draw(st.integers(0, min(480, length - 1)))
    day = FIRST + timedelta(days=draw(st.integers(0, 100)))
    end = (start + length) % 1440
    return [
        draw(NAMES), f"p{number}@example.com", f"{number:05d}", "", f"{day:%d-%m-%Y}",
        f"{start // 60:02d}:{start % 60:02d}", f"{end // 60}:{end % 60:02d}", str(pause),
        draw(st.sampled_from(["", "gewerkt", "verlof"])), draw(st.sampled_from(["ja", "nee", ""])),
    ]  # fmt: skip


def expected_minutes(cells) -> int:
    """Count by hand: no time zone, no portal code."""
    (start_hour, start), (end_hour, end) = (map(int, text.split(":")) for text in cells[5:7])
    length = (end_hour * 60 + end) - (start_hour * 60 + start)
    return length % 1440 - int(cells[7] or 0)
