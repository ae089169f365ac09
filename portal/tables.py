"""All tables, for Alembic."""

from __future__ import annotations

from portal.accounts import models as accounts
from portal.audit import models as audit
from portal.deliveries import models as deliveries
from portal.exports import models as exports
from portal.hours import models as hours
from portal.integrations import models as integrations
from portal.kernel.db import Base
from portal.notifications import models as notifications

AREAS = (accounts, audit, deliveries, exports, hours, integrations, notifications)
metadata = Base.metadata
