"""What support decides about a credential request. Support never sees the token."""

from __future__ import annotations

from portal.integrations import service as koppelingen
from portal.integrations.models import Credential, RequestState
from portal.integrations.queries import locked_request
from portal.integrations.states import require_state
from portal.kernel.errors import Conflict
from portal.kernel.work import Acting


def take(acting: Acting, request_id: int) -> None:
    """Raises NotFound, Conflict (somebody else has it)."""
    with acting.begin() as work:
        koppelingen.take(work, locked_request(work, request_id))


def activate(acting: Acting, request_id: int, seen: str | None = None) -> None:
    """Put the koppeling on. `seen` is the fingerprint of the token that support looked at.

    Raises NotFound, Conflict (also when the customer handed over another token meanwhile).
    """
    with acting.begin() as work:
        request = locked_request(work, request_id)
        require_state(request.state, RequestState.TAKEN)
        if seen is not None and work.session.get_one(Credential, request.credential_id).fingerprint != seen:
            raise Conflict("De klant heeft intussen een andere token ingevuld. Bekijk de aanvraag opnieuw.")
        koppelingen.activate(acting, work, request)


def reject(acting: Acting, request_id: int, reason: str) -> None:
    """Raises NotFound, Conflict."""
    with acting.begin() as work:
        koppelingen.reject(acting, work, locked_request(work, request_id), reason)


def ask(acting: Acting, request_id: int, question: str) -> None:
    """Raises NotFound, Conflict."""
    with acting.begin() as work:
        koppelingen.ask(acting, work, locked_request(work, request_id), question)
