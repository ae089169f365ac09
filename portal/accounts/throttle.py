"""How often something may be tried, counted in the database: it holds over workers and restarts (A7).

Counted before the try, so that fifty at once are fifty; a try that succeeds is given back. Nobody is locked out for
good: a window begins with its first try and then ends by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import case, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts.models import Tries
from portal.kernel.errors import TooOften
from portal.kernel.work import Acting, Work
from portal.secret import Secret

FORGET = timedelta(days=2)


@dataclass(frozen=True)
class Limit:
    """At most `most` in `window`, for each key (an account, an address). Around the end of a window it may be twice as
    many: what counts is that guessing takes years."""

    name: str
    most: int
    window: timedelta
    advice: str


LOGIN = Limit("inloggen", 10, timedelta(minutes=5), "Je kunt ook een nieuw wachtwoord kiezen.")
FACTOR = Limit("code", 5, timedelta(minutes=5), "Controleer of de klok van je telefoon goed staat.")
RESET = Limit("wachtwoord", 5, timedelta(days=1), "Kijk ook in je map met ongewenste mail.")


def count(acting: Acting, limit: Limit, *keys: str) -> datetime:
    """Count one try for each key; returns the moment, for `give_back`.

    Raises TooOften, with the words for the visitor, when one had enough; such a try does not count, for no key: who is
    refused by address cannot use up the tries of others' accounts.
    """
    with acting.begin() as work:
        counted = [_count(work, limit, key) for key in sorted({key for key in keys if key})]
        ends = [began + limit.window for tries, began in counted if tries > limit.most]
        if ends:
            words = f"Je hebt dit te vaak geprobeerd. Wacht {_words(max(ends) - work.now)} en probeer het opnieuw."
            raise TooOften(f"{words} {limit.advice}")
        return work.now


def give_back(acting: Acting, limit: Limit, counted_at: datetime, *keys: str) -> None:
    """The try of that moment succeeded: it does not count. A window that began since is another one."""
    with acting.begin() as work:
        for key in sorted({key for key in keys if key}):
            row = (Tries.what == limit.name) & (Tries.key == _hidden(work, key)) & (Tries.count > 0)
            row &= Tries.began_at <= counted_at
            work.session.execute(update(Tries).where(row).values(count=Tries.count - 1))


def forget(work: Work) -> None:
    """Windows that ended long ago. Safe to call at any time."""
    work.session.execute(delete(Tries).where(Tries.began_at < work.now - FORGET))


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


def _count(work: Work, limit: Limit, key: str) -> tuple[int, datetime]:
    over = Tries.began_at <= work.now - limit.window
    on_postgres = work.session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(Tries) if on_postgres else sqlite.insert(Tries)
    row = {"what": limit.name, "key": _hidden(work, key), "count": 1, "began_at": work.now}
    again = {
        "count": case((over, 1), else_=Tries.count + 1),
        "began_at": case((over, work.now), else_=Tries.began_at),
    }
    written = insert.values(row).on_conflict_do_update(index_elements=("what", "key"), set_=again)
    found = work.session.execute(written.returning(Tries.count, Tries.began_at)).one()
    return found[0], found[1]


def _hidden(work: Work, key: str) -> str:
    """Addresses of people are not kept in the clear."""
    return work.vault.index(Secret(key), 0, "tries")


def _words(left: timedelta) -> str:
    minutes = max(1, -(-int(left.total_seconds()) // 60))
    if minutes == 1:
        return "een minuut"
    return f"{minutes} minuten" if minutes < 120 else f"{-(-minutes // 60)} uur"
