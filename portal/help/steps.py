"""What a reader who is signed in has done already, shown in the text of a koppeling. Pure.

The help centre knows no other area: whoever wires the portal gives it a function that tells the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Step:
    """`key` is the name of a `{stap: …}` mark, `href` where in the portal it is done, `note` what is known of it.

    What this reader may not do has no `href`; `by` then tells who does it.
    """

    key: str
    label: str
    done: bool
    href: str | None
    note: str = ""
    by: str = ""


Progress = Callable[[str], Sequence[Step]]


def next_of(steps: Sequence[Step]) -> Step | None:
    return next((step for step in steps if not step.done), None)


def marked(html: str, prefix: str, steps: Sequence[Step]) -> str:
    """Fill the marks of a page (`prefix` is its key); marks without a step stay empty."""
    following = next_of(steps)
    for step in steps:
        mark = f'<p class="step-mark" id="{prefix}-stap-{step.key}"></p>'
        html = html.replace(mark, _filled(f"{prefix}-stap-{step.key}", step, is_next=step is following))
    return html


def _filled(mark_id: str, step: Step, *, is_next: bool) -> str:
    if step.done:
        return f'<p class="step-mark step-mark--done" id="{mark_id}">Gedaan{_note(step)}</p>'
    if not is_next:
        return f'<p class="step-mark step-mark--todo" id="{mark_id}">Nog te doen</p>'
    return f'<p class="step-mark step-mark--next" id="{mark_id}">{_following(step)}</p>'


def _following(step: Step) -> str:
    if step.href is None:
        return f"Nu aan de beurt: {escape(step.label)}{_note(step)}. {escape(step.by)}"
    return f'Je volgende stap: <a href="{escape(step.href)}">{escape(step.label)}</a>{_note(step)}'


def _note(step: Step) -> str:
    return f' <span class="step-mark__note">({escape(step.note)})</span>' if step.note else ""
