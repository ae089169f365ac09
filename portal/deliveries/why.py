"""A reason as the columns that keep it: words, cut to what fits, and the code beside them."""

from __future__ import annotations

from portal.kernel.codes import Reason

NO_REASON = {"reason": "", "reason_code": ""}
NO_CAUSE = {"cause": "", "cause_code": "", "remedy": ""}


def of_line(reason: Reason) -> dict[str, str]:
    return {"reason": reason.text[:600], "reason_code": str(reason.code)}


def given(reason: Reason | None) -> dict[str, str]:
    """The same, as what the prepared statements are given (`statements.WHY`)."""
    return {"words": reason.text[:600], "code": str(reason.code)} if reason else {"words": "", "code": ""}


def of_delivery(cause: Reason, remedy: str) -> dict[str, str]:
    return {"cause": cause.text[:400], "cause_code": str(cause.code), "remedy": remedy[:400]}
