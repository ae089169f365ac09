"""How often something may be tried, counted in the database: it holds over workers and restarts (A7).

Counted before the try, so that fifty at once are fifty; a try that succeeds is given back. The moment of each try is
kept, so in no stretch of `window` there are more than `most`, and nobody is locked out for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts.models import Tries
from portal.kernel.errors import TooOften
from portal.kernel.work import Acting, Work
from portal.secret import Secret

FORGET = timedelta(days=2)
EPOCH, TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True)
class Limit:
    """At most `most` in any `window`, for each key (an account, an address)."""

    name: str
    most: int
    window: timedelta
    advice: str


LOGIN = Limit("inloggen", 10, timedelta(minutes=5), "Je kunt ook een nieuw wachtwoord kiezen.")
FACTOR = Limit("code", 5, timedelta(minutes=5), "Controleer of de klok van je telefoon goed staat.")
QUESTION = Limit("passkey", 60, timedelta(minutes=5), "Je kunt ook met je wachtwoord inloggen.")
RESET = Limit("wachtwoord", 5, timedelta(days=1), "Kijk ook in je map met ongewenste mail.")
# from one place: fewer than RESET, so that a stranger cannot use up what the owner may ask
RESET_HERE = Limit("wachtwoord hier", 3, timedelta(days=1), RESET.advice)
RESET_PLACE = Limit("wachtwoord plek", 20, timedelta(days=1), RESET.advice)


def count(acting: Acting, limit: Limit, *keys: str) -> datetime:
    """Count one try for each key; returns the moment, for `give_back`. Raises TooOften, see `count_each`."""
    return count_each(acting, *((limit, key) for key in keys))


def count_each(acting: Acting, *tries: tuple[Limit, str]) -> datetime:
    """Count one try for each pair; one with an empty key is none.

    Raises TooOften, with the words for the visitor, when one had enough; such a try does not count, for no key: who is
    refused by address cannot use up the tries of others' accounts.
    """
    with acting.begin() as work:
        asked = sorted({(limit.name, key): limit for limit, key in tries if key}.items())
        waits = [(ends, limit) for (_name, key), limit in asked if (ends := _count(work, limit, key)) is not None]
        if waits:
            ends, limit = max(waits, key=lambda wait: wait[0])
            words = f"Je hebt dit te vaak geprobeerd. Wacht {_words(ends - work.now)} en probeer het opnieuw."
            raise TooOften(f"{words} {limit.advice}")
        return work.now


def give_back(acting: Acting, limit: Limit, counted_at: datetime, *keys: str) -> None:
    """The try of that moment succeeded: it does not count."""
    with acting.begin() as work:
        for key in sorted({key for key in keys if key}):
            mine = (Tries.what == limit.name) & (Tries.key == _hidden(work, key))
            row = work.session.scalar(select(Tries).where(mine).with_for_update())
            if row is not None and counted_at in (kept := _read(row.moments)):
                kept.remove(counted_at)
                row.moments = _written(kept)


def forget(work: Work) -> None:
    """What was tried long ago. Safe to call at any time."""
    work.session.execute(delete(Tries).where(Tries.touched_at < work.now - FORGET))


def place_of(address: str | None) -> str:
    """The key of a visitor's address: somebody with IPv6 has a whole /64 of them.

    >>> place_of("2001:db8:1:2:3::4"), place_of("192.0.2.7"), place_of("::ffff:192.0.2.7"), place_of(None)
    ('2001:db8:1:2::/64', '192.0.2.7', '192.0.2.7', '')
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))


def _count(work: Work, limit: Limit, key: str) -> datetime | None:
    """Count one try; the moment until which to wait when there were enough."""
    row_id, moments = _locked(work, limit, key)
    recent = [moment for moment in _read(moments) if moment > work.now - limit.window]
    if len(recent) >= limit.most:
        return recent[-limit.most] + limit.window
    work.session.execute(update(Tries).where(Tries.id == row_id).values(moments=_written([*recent, work.now])))
    return None


def _locked(work: Work, limit: Limit, key: str) -> tuple[int, str]:
    """The row of a key, made when there is none; others wait for it until this transaction ends."""
    on_postgres = work.session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(Tries) if on_postgres else sqlite.insert(Tries)
    row = {"what": limit.name, "key": _hidden(work, key), "moments": "", "touched_at": work.now}
    written = insert.values(row).on_conflict_do_update(
        index_elements=("what", "key"), set_={"touched_at": work.now}
    )  # fmt: skip
    found = work.session.execute(written.returning(Tries.id, Tries.moments)).one()
    return found[0], found[1]


def _read(moments: str) -> list[datetime]:
    """The oldest first: of two at once the later one may have been written first."""
    return sorted(EPOCH + int(moment) * TICK for moment in moments.split())


def _written(moments: list[datetime]) -> str:
    return " ".join(str((moment - EPOCH) // TICK) for moment in moments)


def _hidden(work: Work, key: str) -> str:
    """Addresses of people are not kept in the clear."""
    return work.vault.index(Secret(key), 0, "tries")


def _words(left: timedelta) -> str:
    minutes = max(1, -(-int(left.total_seconds()) // 60))
    if minutes == 1:
        return "een minuut"
    return f"{minutes} minuten" if minutes < 120 else f"{-(-minutes // 60)} uur"
