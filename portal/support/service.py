"""What support decides about a credential request. Support never sees the token."""

from __future__ import annotations

from portal.integrations import service as koppelingen
from portal.integrations.models import RequestState
from portal.integrations.queries import locked_request
from portal.integrations.states import require_state
from portal.kernel.work import Acting


def take(acting: Acting, request_id: int) -> None:
    """Raises NotFound, Conflict (somebody else has it)."""
    with acting.begin() as work:
        koppelingen.take(work, locked_request(work, request_id))


def activate(acting: Acting, request_id: int) -> None:
    """Raises NotFound, Conflict."""
    with acting.begin() as work:
        request = locked_request(work, request_id)
        require_state(request.state, RequestState.TAKEN)
        koppelingen.activate(acting, work, request)


def reject(acting: Acting, request_id: int, reason: str) -> None:
    """Raises NotFound, Conflict."""
    with acting.begin() as work:
        koppelingen.reject(acting, work, locked_request(work, request_id), reason)


def ask(acting: Acting, request_id: int, question: str) -> None:
    """Raises NotFound, Conflict."""
    with acting.begin() as work:
        koppelingen.ask(acting, work, locked_request(work, request_id), question)
