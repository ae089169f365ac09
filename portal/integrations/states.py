"""Which steps a koppeling request may take, as data (requirement B7)."""

from __future__ import annotations

from portal.integrations.models import RequestState as S
from portal.kernel.errors import Conflict

STEPS: dict[S, frozenset[S]] = {
    S.NEW: frozenset({S.TAKEN, S.WITHDRAWN, S.ACTIVATED}),
    S.TAKEN: frozenset({S.WAITING, S.ACTIVATED, S.REJECTED, S.WITHDRAWN}),
    S.WAITING: frozenset({S.TAKEN, S.WITHDRAWN}),
    S.ACTIVATED: frozenset(),
    S.REJECTED: frozenset(),
    S.WITHDRAWN: frozenset(),
}
OPEN = (S.NEW, S.TAKEN, S.WAITING)


def require_state(now: S, wanted: S) -> None:
    """Raise Conflict when a request is not in the one state in which this may be done."""
    if now is not wanted:
        raise Conflict(f"Deze aanvraag is {now.value}. Dit kan alleen als zij {wanted.value} is. Ververs de pagina.")


def require_step(now: S, wanted: S) -> None:
    """Raise Conflict when a request cannot go from `now` to `wanted`."""
    if wanted not in STEPS[now]:
        raise Conflict(f"Deze aanvraag is {now.value} en kan niet naar {wanted.value}. Ververs de pagina.")
