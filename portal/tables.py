"""All tables, for Alembic."""

from __future__ import annotations

from portal.accounts import look_models as looks
from portal.accounts import models as accounts
from portal.audit import models as audit
from portal.deliveries import models as deliveries
from portal.deliveries import receipt_models as receipts
from portal.exports import models as exports
from portal.help import models as help_
from portal.hours import models as hours
from portal.integrations import models as integrations
from portal.kernel import beat_models as beats
from portal.kernel import key_models as keys
from portal.kernel import pace_models as pace
from portal.kernel import restore_models as restore
from portal.kernel.db import Base
from portal.notifications import models as notifications

AREAS = (
    accounts, audit, beats, deliveries, exports, help_, hours, integrations, keys, looks, notifications, pace, receipts,
    restore,
)  # fmt: skip
metadata = Base.metadata
