"""The catalogue of mails: one member per folder of templates/notifications."""

from __future__ import annotations

from enum import StrEnum


class Mail(StrEnum):
    INVITATION = "uitnodiging"
    PASSWORD_RESET = "wachtwoord"  # noqa: S105 - a folder name
    NEW_DEVICE = "nieuw_apparaat"
    FACTOR_CHANGED = "tweede_stap"
    ACCESS_CHANGED = "toegang"
    COLLEAGUE_CHANGED = "collega"
    LOOK_GRANTED = "meekijken"
    REQUEST_RECEIVED = "aanvraag_ontvangen"
    REQUEST_ACTIVATED = "aanvraag_geactiveerd"
    REQUEST_REJECTED = "aanvraag_afgewezen"
    REQUEST_QUESTION = "aanvraag_vraag"
    DELIVERY_PAUSED = "levering_gepauzeerd"
    DELIVERY_UNKNOWN = "levering_onbekend"
