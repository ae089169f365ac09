"""What this area forgets (H4): the sealed files after a week. They can be made again as long as the hours are there."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from portal.exports.models import Export, ExportFile
from portal.kernel.work import Work

FILES = timedelta(days=7)


def forget_files(work: Work) -> int:
    """Empty the files of a week ago; their fingerprints stay. Returns how many."""
    old = select(Export.id).where(Export.created_at < work.now - FILES)
    mine = ExportFile.export_id.in_(old) & ExportFile.sealed.is_not(None)
    return len(work.session.execute(update(ExportFile).where(mine).values(sealed=None).returning(ExportFile.id)).all())
