"""Every error this product raises on purpose.

* PortalError              the visitor sees `message`; the log gets `code` and `facts`
  + NotFound          404  no such thing, or not yours: the answer is the same
  + Forbidden         403  you are known, but this is not for your role
  + Conflict          409  the thing is no longer in a state that allows this
  + InvalidInput      422  carries `field`, so that a form can show it in place
  + TooOften          429  too much at this moment: the same may be done later
  + RemoteError       502  a third party; each subclass tells the caller what it may do next
    - Refused              they said no: do not repeat, a human must change something
      . AccessRefused      they refuse the key or a right: stop everything with this key
    - Unavailable          certainly not processed: repeat later
    - Unclear              perhaps processed: never repeat, look it up first

`message` is Dutch, says what happened and what to do. Neither `message` nor `facts` may
hold a secret or a BSN.
"""

from __future__ import annotations

from typing import ClassVar


class PortalError(Exception):
    status: ClassVar[int] = 500
    code: ClassVar[str] = "portal"

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class NotFound(PortalError):
    status = 404
    code = "not_found"

    def __init__(self, message: str = "Deze pagina bestaat niet.", **facts: object) -> None:
        super().__init__(message, **facts)


class Forbidden(PortalError):
    status = 403
    code = "forbidden"


class Conflict(PortalError):
    status = 409
    code = "conflict"


class InvalidInput(PortalError):
    """Something a person typed or uploaded cannot be used.

    `field` is the name of the form field the message belongs to.
    """

    status = 422
    code = "invalid_input"

    def __init__(self, message: str, field: str = "", **facts: object) -> None:
        super().__init__(message, **facts)
        self.field = field


class TooOften(PortalError):
    status = 429
    code = "too_often"


class RemoteError(PortalError):
    """A third party did not do what was asked.

    `remote_code` is their own code (Nmbrs: "2001"), empty when there is none.
    `remedy` is one Dutch sentence that says what the customer can do.
    """

    status = 502
    code = "remote"

    def __init__(self, message: str, remote_code: str = "", remedy: str = "", **facts: object) -> None:
        super().__init__(message, **facts)
        self.remote_code = remote_code
        self.remedy = remedy


class Refused(RemoteError):
    code = "refused"


class AccessRefused(Refused):
    code = "access_refused"


class Unavailable(RemoteError):
    code = "unavailable"


class Unclear(RemoteError):
    code = "unclear"
