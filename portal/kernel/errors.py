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

`message` is Dutch, says what happened and what to do; `code` leads to the article that says more (`codes.py`): that of
the class, or one of its own. Neither `message` nor `facts` may
hold a secret or a BSN.
"""

from __future__ import annotations

from typing import ClassVar

from portal.kernel.codes import CODES, Code, Reason

PAGE_CODES = {status: CODES.new(f"fout-{status}") for status in (
    400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 502, 503,
)}  # fmt: skip


class PortalError(Exception):
    status: ClassVar[int] = 500
    code: Code = PAGE_CODES[500]

    def __init__(self, message: str, *, code: Code | None = None, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        """From one of our processes to another (`beside.py`) nothing is lost."""
        return _made_again, (type(self), self.args, self.__dict__)

    @property
    def reason(self) -> Reason:
        """The message with its code, as it is stored and shown elsewhere."""
        return Reason(self.message, self.code)


def _made_again(kind: type[PortalError], args: tuple[object, ...], kept: dict[str, object]) -> PortalError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(kept)
    return error


class NotFound(PortalError):
    status = 404
    code = PAGE_CODES[404]

    def __init__(
        self, message: str = "Deze pagina bestaat niet.", *, code: Code | None = None, **facts: object
    ) -> None:
        super().__init__(message, code=code, **facts)


class Forbidden(PortalError):
    status = 403
    code = PAGE_CODES[403]


class Conflict(PortalError):
    status = 409
    code = PAGE_CODES[409]


class InvalidInput(PortalError):
    """Something a person typed or uploaded cannot be used.

    `field` is the name of the form field the message belongs to.
    """

    status = 422
    code = PAGE_CODES[422]

    def __init__(self, message: str, field: str = "", *, code: Code | None = None, **facts: object) -> None:
        super().__init__(message, code=code, **facts)
        self.field = field


class TooOften(PortalError):
    status = 429
    code = PAGE_CODES[429]


class RemoteError(PortalError):
    """A third party did not do what was asked.

    `remote_code` is their own code (Nmbrs: "2001"), empty when there is none.
    `remedy` is one Dutch sentence that says what the customer can do.
    """

    status = 502
    code = PAGE_CODES[502]

    def __init__(
        self, message: str, remote_code: str = "", remedy: str = "", *, code: Code | None = None, **facts: object
    ) -> None:
        super().__init__(message, code=code, **facts)
        self.remote_code = remote_code
        self.remedy = remedy


class Refused(RemoteError):
    code = CODES.new("pakket-weigert")


class AccessRefused(Refused):
    code = CODES.new("pakket-geen-toegang")


class Unavailable(RemoteError):
    code = CODES.new("pakket-niet-bereikbaar")


class Unclear(RemoteError):
    code = CODES.new("pakket-antwoord-kwijt")
