"""Downloads of a receipt, made from its body each time: same receipt, same bytes."""

from __future__ import annotations

from portal.audit.service import record
from portal.deliveries.receipt_csv import to_csv
from portal.deliveries.receipt_pdf import to_pdf
from portal.deliveries.receipt_queries import ReceiptInfo, told
from portal.deliveries.receipt_words import Sheet
from portal.integrations.parts import Providers
from portal.kernel.errors import NotFound
from portal.kernel.work import Acting
from portal.settings import Settings

MAKERS = {"pdf": to_pdf, "csv": to_csv}
MIMETYPES = {"pdf": "application/pdf", "csv": "text/csv"}


def sheet(acting: Acting, delivery_id: int, code: str = "") -> tuple[ReceiptInfo, Sheet]:
    """A receipt of the own organisation in words: with this code, or the newest. Raises NotFound, Conflict."""
    with acting.read() as work:
        info, body = told(work, delivery_id, code)
    name = acting.part(Providers).get(body.provider).name
    address = f"{acting.part(Settings).base_url}/ontvangstbewijs/{info.code}"
    return info, Sheet(body, name, address, info.body_sha256)


def download(acting: Acting, delivery_id: int, code: str, extension: str) -> tuple[str, bytes]:
    """Return name and bytes, and record that it was taken (H1). Raises NotFound, Conflict.

    A large PDF takes seconds to draw; nobody waits for that in a transaction.
    """
    if extension not in MAKERS:
        raise NotFound
    info, found = sheet(acting, delivery_id, code)
    content = MAKERS[extension](found)
    with acting.begin() as work:
        record(work, "receipt.downloaded", receipt=info.seq, delivery=delivery_id, file=extension)
    return f"ontvangstbewijs-{info.code}.{extension}", content
