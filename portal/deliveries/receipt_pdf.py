"""A receipt as PDF: A4, Dutch, with its font inside. Same receipt, same bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from portal.deliveries.receipt_layout import (
    BOLD,
    COLUMNS,
    GAP,
    LEADING,
    SIZE,
    SMALL,
    TEXT,
    UNSHOWN,
    WIDTH,
    Row,
    broken,
    fonts,
    paged,
    row,
    shown,
)
from portal.deliveries.receipt_words import Sheet, count
from portal.kernel.filters import datumtijd, uren

LEFT, TOP, BOTTOM = 15 * mm, 20 * mm, 24 * mm
LABEL = 34 * mm
QR = 26 * mm
HEADING = 7 * mm
INK, MUTED, RULE, PAPER = (HexColor(value) for value in (0x1F1B16, 0x6B6258, 0xCFC6B8, 0xF4EFE6))
EXPLAINED = (
    "Een regel is geaccepteerd als het salarispakket hem heeft aangenomen; het kenmerk is het nummer dat het pakket "
    "gaf. Een geweigerde of niet verstuurde regel is niet geboekt. Van een onbekende regel weten we het niet: kijk "
    "in het pakket."
)
HIDDEN = f" {UNSHOWN} staat voor een teken dat dit document niet kan tonen; in de CSV staat de naam voluit."


@dataclass
class Pen:
    """Where the next thing goes on the page: `y` is its upper edge."""

    canvas: Canvas
    y: float = A4[1] - TOP

    def text(self, x: float, words: str, font: str = TEXT, size: float = SIZE, *, right: bool = False) -> None:
        self.canvas.setFont(font, size)
        draw = self.canvas.drawRightString if right else self.canvas.drawString
        draw(x, self.y - size, words)

    def lines(self, x: float, lines: tuple[str, ...], font: str = TEXT, size: float = SIZE) -> None:
        for line in lines:
            self.text(x, line, font, size)
            self.y -= size * LEADING / SIZE

    def rule(self) -> None:
        self.canvas.setStrokeColor(RULE)
        self.canvas.setLineWidth(0.5)
        self.canvas.line(LEFT, self.y, LEFT + WIDTH, self.y)


def to_pdf(sheet: Sheet) -> bytes:
    """Draw the receipt; takes about a second for 5,000 lines. Safe to call from several threads."""
    fonts()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, lang="nl")
    _describe(canvas, sheet)
    top = _top_height(sheet)
    whole = A4[1] - TOP - BOTTOM
    last = (len(sheet.totals) + 6) * LEADING + 8 * mm
    pages = paged((row(line) for line in sheet.body.lines), whole - top - HEADING, whole - HEADING, last)
    for number, rows in enumerate(pages, start=1):
        pen = Pen(canvas)
        if number == 1:
            _top(pen, sheet)
        _table(pen, rows)
        if number == len(pages):
            _end(pen, sheet)
        _foot(canvas, sheet, f"Pagina {number} van {len(pages)}")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _describe(canvas: Canvas, sheet: Sheet) -> None:
    """The date of the document is that of the seal, and its number comes from its contents."""
    body = sheet.body
    canvas.setTitle(f"Ontvangstbewijs {body.code}")
    canvas.setAuthor(body.organisation)
    canvas.setSubject(f"Uren naar {sheet.provider}, {sheet.period}")
    canvas.setCreator("koppelportaal")
    canvas.setProducer("koppelportaal")
    sealed = body.sealed_at.astimezone(UTC)
    canvas.setDateFormatter(lambda *_now: f"D:{sealed:%Y%m%d%H%M%S}+00'00'")


def _facts(sheet: Sheet) -> list[tuple[str, tuple[str, ...]]]:
    return [(name, broken(value, WIDTH - LABEL - QR - 6 * mm)) for name, value in sheet.facts]


def _top_height(sheet: Sheet) -> float:
    return 25 * mm + sum(len(value) for _, value in _facts(sheet)) * LEADING + 8 * mm


def _top(pen: Pen, sheet: Sheet) -> None:
    start = pen.y
    pen.canvas.setFillColor(INK)
    pen.text(LEFT, "Ontvangstbewijs", BOLD, 20)
    pen.y -= 11 * mm
    pen.text(LEFT, sheet.body.code, BOLD, 12)
    pen.y -= 6 * mm
    pen.canvas.setFillColor(MUTED)
    pen.text(LEFT, f"Vastgelegd op {datumtijd(sheet.body.sealed_at)}")
    _qr(pen.canvas, sheet, start)
    pen.y = start - 25 * mm
    for name, value in _facts(sheet):
        pen.canvas.setFillColor(MUTED)
        pen.text(LEFT, name)
        pen.canvas.setFillColor(INK)
        pen.lines(LEFT + LABEL, value)
    pen.y -= 8 * mm


def _qr(canvas: Canvas, sheet: Sheet, top: float) -> None:
    code = QrCodeWidget(sheet.check_url, barWidth=QR, barHeight=QR, barBorder=0, barLevel="M")
    drawing = Drawing(QR, QR)
    drawing.add(code)
    renderPDF.draw(drawing, canvas, LEFT + WIDTH - QR, top - QR)


def _table(pen: Pen, rows: list[Row]) -> None:
    if not rows:
        return
    pen.canvas.setFillColor(PAPER)
    pen.canvas.rect(LEFT, pen.y - HEADING + 1 * mm, WIDTH, HEADING - 1 * mm, stroke=0, fill=1)
    pen.canvas.setFillColor(INK)
    pen.y -= 1.2 * mm
    _cells(pen, tuple((column.heading,) for column in COLUMNS), BOLD)
    pen.y -= HEADING - 1.2 * mm
    for found in rows:
        _row(pen, found)


def _cells(pen: Pen, cells: tuple[tuple[str, ...], ...], font: str) -> None:
    """Draw the texts of each column; the pen stays where it was."""
    x, start = LEFT, pen.y
    for column, lines in zip(COLUMNS, cells, strict=True):
        for line in lines:
            edge = x + column.width - 2 * GAP if column.right else x + GAP / 2
            pen.text(edge, line, font, right=column.right)
            pen.y -= LEADING
        x, pen.y = x + column.width, start


def _row(pen: Pen, found: Row) -> None:
    start = pen.y
    pen.canvas.setFillColor(INK)
    _cells(pen, found.cells, TEXT)
    pen.y -= max(len(cell) for cell in found.cells) * LEADING
    pen.canvas.setFillColor(MUTED)
    pen.lines(LEFT + GAP / 2, found.below, size=SMALL)
    pen.y = start - found.height + 1 * mm
    pen.rule()
    pen.y -= 1 * mm


def _end(pen: Pen, sheet: Sheet) -> None:
    """The totals under the columns they belong to, and what the words mean."""
    pen.y -= 2 * mm
    pen.canvas.setFillColor(INK)
    hours = LEFT + sum(column.width for column in COLUMNS[:4]) - 2 * GAP
    for total in sheet.totals:
        pen.text(LEFT + GAP / 2, f"Totaal {total.state}: {count(total.lines)}", BOLD)
        pen.text(hours, uren(total.hours), BOLD, right=True)
        pen.y -= LEADING
    pen.y -= 3 * mm
    pen.canvas.setFillColor(MUTED)
    hidden = any(UNSHOWN in shown(line.name) for line in sheet.body.lines)
    pen.lines(LEFT, broken(EXPLAINED + (HIDDEN if hidden else ""), WIDTH, size=SMALL), size=SMALL)


def _foot(canvas: Canvas, sheet: Sheet, page: str) -> None:
    pen = Pen(canvas, 17 * mm)
    pen.rule()
    pen.y -= 2 * mm
    canvas.setFillColor(MUTED)
    pen.text(LEFT, shown(f"Controleer dit ontvangstbewijs op {sheet.check_url}"), size=SMALL)
    pen.text(LEFT + WIDTH, page, size=SMALL, right=True)
    pen.y -= LEADING - 2
    pen.text(LEFT, f"Vingerafdruk (SHA-256) {sheet.sha256}", size=SMALL)
