"""D2, D3: XLSX as people and programs write it, read by a real child process."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.hours.sources.sheet.template import template_csv, template_xlsx
from tests.hours.generated import expected_minutes, shift_rows
from tests.hours.sheets import HEADING, csv_bytes, only_error, part, read, refusal, rezip, row, xlsx_bytes

PLACE = {heading: place for place, heading in enumerate(HEADING)}


def with_cell(column, value, number_format="General"):
    """Return a workbook with one good row, one cell of which has this value and format."""

    def write(book, sheet):
        form = book.add_format({"num_format": number_format})
        sheet.write(1, PLACE[column], value, form)

    return xlsx_bytes([row()], write=write)


@given(shift_rows(), st.booleans())
@settings(max_examples=12, deadline=None)
def test_d3_round_trip_as_text_and_as_real_dates_and_times(rows, typed):
    written = [typed_row(cells) if typed else cells for cells in rows]
    shifts = read(by_openpyxl(written))
    assert [shift.name for shift in shifts] == [cells[0] for cells in rows]
    assert [shift.personnel_number for shift in shifts] == [cells[2] for cells in rows]
    assert [shift.minutes for shift in shifts] == [expected_minutes(cells) for cells in rows]


def typed_row(cells):
    start, end = (time.fromisoformat(text.zfill(5)) for text in cells[5:7])
    day = datetime.strptime(cells[4], "%d-%m-%Y")
    return [*cells[:4], day, start, end, int(cells[7]), cells[8], cells[9] == "ja"]


def by_openpyxl(rows) -> bytes:
    book = openpyxl.Workbook()
    for number, cells in enumerate([list(HEADING), *rows], start=1):
        for place, value in enumerate(cells, start=1):
            cell = book.active.cell(number, place)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # a name that starts with = stays a name
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("minute", range(0, 1440, 97))
def test_d3_a_time_kept_as_a_fraction_of_a_day_is_exact(minute):
    end = (minute + 120) % 1440
    content = with_cells({"Start": (minute / 1440, "hh:mm"), "Eind": (round(end / 1440, 9), "hh:mm")})
    (shift,) = read(content)
    assert shift.minutes == 90


def with_cells(changes):
    def write(book, sheet):
        for column, (value, form) in changes.items():
            sheet.write(1, PLACE[column], value, book.add_format({"num_format": form}))

    return xlsx_bytes([row()], write=write)


@pytest.mark.parametrize("fraction", [0.354166666, 0.35416667, 30599.6 / 86400, 30600.4 / 86400])
def test_d3_half_past_eight_from_a_short_fraction(fraction):
    (shift,) = read(with_cell("Start", fraction, "hh:mm"))
    assert shift.minutes == 8 * 60  # 08:30 to 17:00 less 30


@pytest.mark.parametrize(
    ("column", "value", "form", "attribute", "expected"),
    [
        ("Datum", date(2026, 10, 1), "dd-mm-yyyy", "workday", date(2026, 10, 1)),
        ("Eind", 1, "hh:mm", "minutes", 870),
        ("Eind", 1, "[h]:mm", "minutes", 870),
        ("Start", 0.375, "[h]:mm", "minutes", 450),
        ("Pauze", 45, "General", "break_minutes", 45),
        ("Pauze", 45 / 1440, "h:mm", "break_minutes", 45),
        ("Pauze", 45 / 1440, "[h]:mm", "break_minutes", 45),
        ("Personeelsnummer", 101, "General", "personnel_number", "101"),
        ("Personeelsnummer", "00101", "@", "personnel_number", "00101"),
        ("Goedgekeurd", True, "General", "approved", True),
        ("Goedgekeurd", 1, "General", "approved", True),
        ("Teamlid", "=1+1", "@", "name", "=1+1"),
    ],
)
def test_d3_cells_as_excel_keeps_them(column, value, form, attribute, expected):
    (shift,) = read(with_cell(column, value, form))
    assert getattr(shift, attribute) == expected


def test_d3_a_bsn_kept_as_a_number_gets_its_zero_back():
    assert read(with_cell("BSN", 12345672))[0].bsn.reveal() == "012345672"


@pytest.mark.parametrize(
    ("column", "value", "form", "words"),
    [
        ("Start", 0.375, "General", "Het getal 0,375 is geen tijd"),
        ("Start", 9, "General", "Het getal 9 is geen tijd"),
        ("Start", 46296.375, "dd-mm-yyyy hh:mm", "een datum en geen tijd"),
        ("Start", 9.5 / 1440, "hh:mm", "seconden"),
        ("Start", -0.5, "hh:mm", "negatief"),
        ("Pauze", -30, "General", "negatief"),
        ("Pauze", 0.5, "General", "0,5 is geen pauze"),
        ("Pauze", 1.5, "[h]:mm", "langer dan 24 uur"),
        ("Datum", 46296, "General", "46296 is geen datum"),
        ("Datum", 46296.5, "dd-mm-yyyy hh:mm", "een datum en een tijd"),
        ("Datum", 0.5, "hh:mm", "een tijd en geen datum"),
        ("Personeelsnummer", 101.5, "General", "geen personeelsnummer"),
        ("Personeelsnummer", 1e17, "General", "geen personeelsnummer"),
        ("Personeelsnummer", 46296, "dd-mm-yyyy", "een datum of een tijd"),
        ("BSN", 123456789, "General", "geen geldig BSN"),
    ],
)
def test_d3_cells_that_could_be_misread_are_refused(column, value, form, words):
    error = only_error(with_cell(column, value, form))
    assert (error.row, error.column) == (2, column)
    assert words in error.message


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("Pauze", "#N/A", "fout van Excel"),
        ("Pauze", "", "nog geen uitkomst"),
        ("Soort uren", "#REF!", "fout van Excel"),
    ],
)
def test_d3_a_broken_or_uncalculated_formula_is_not_an_empty_cell(column, value, words):
    content = xlsx_bytes([row()], write=lambda _, sheet: sheet.write_formula(1, PLACE[column], "=1+1", None, value))
    for variant in (content, without_empty_value(content)):
        error = only_error(variant)
        assert (error.row, error.column) == (2, column)
        assert words in error.message


def without_empty_value(content: bytes) -> bytes:
    """Leave a formula and take its empty `v` away, as a program does that never calculated."""
    sheet = "xl/worksheets/sheet1.xml"
    return rezip(content, {sheet: part(content, sheet).replace(b"</f><v></v>", b"</f>")})


def test_d3_a_calculated_formula_counts_with_its_value():
    content = xlsx_bytes([row()], write=lambda _, sheet: sheet.write_formula(1, PLACE["Pauze"], "=15+30", None, 45))
    assert read(content)[0].break_minutes == 45


def test_d3_merged_cells_are_named_not_guessed():
    rows = [row(), row(Datum="02-10-2026", Pauze="")]
    content = xlsx_bytes(rows, write=lambda _, sheet: sheet.merge_range(1, PLACE["Pauze"], 2, PLACE["Pauze"], "30"))
    errors = refusal(content).errors
    assert [(error.row, error.column) for error in errors] == [(2, "Pauze"), (3, "Pauze")]
    assert "samengevoegd" in errors[0].message


def test_d3_rows_and_columns_before_the_table_keep_their_numbers():
    content = xlsx_bytes([], heading=[], sheets={"Uren": [[], [], ["", *HEADING], [], ["", *row(Datum="x")]]})
    error = only_error(content)
    assert (error.row, error.column) == (5, "Datum")


def test_d3_the_one_sheet_with_hours_is_found():
    sheets = {"Leeg": [], "Uitleg": [HEADING, row()], "Info": [["Hallo"]], "Uren": [HEADING, row()]}
    assert len(read(xlsx_bytes([], sheets=sheets))) == 1


def test_d3_two_sheets_with_hours_are_refused():
    sheets = {"Week 40": [HEADING, row()], "Week 41": [HEADING, row(Datum="08-10-2026")]}
    assert "Meer dan één tabblad bevat uren" in refusal(xlsx_bytes([], sheets=sheets)).message


def test_d3_an_empty_workbook():
    assert "leeg" in refusal(xlsx_bytes([], sheets={"Uren": []})).message
    assert "geen uren" in refusal(xlsx_bytes([])).message


def test_d3_a_chart_and_a_link_in_a_mail_address_do_no_harm():
    def write(book, sheet):
        sheet.write_url(1, 1, "mailto:noor@example.com", string="noor@example.com")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Uren!$H$2:$H$3"})
        book.add_chartsheet("Grafiek").set_chart(chart)

    assert read(xlsx_bytes([row()], write=write))[0].email == "noor@example.com"


def test_d2_content_decides_not_the_name():
    assert len(read(xlsx_bytes([row()]), "uren.csv")) == 1


def test_d2_fifty_thousand_rows_and_one_in_xlsx():
    def filled(count):
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, HEADING)
            sheet.write_column(1, 0, ["x"] * count)
        return buffer.getvalue()

    assert "meer dan 50.000 rijen" in refusal(filled(50_001)).message
    assert refusal(filled(50_000)).total > 50_000


def test_e3_e4_templates_are_always_the_same_and_hold_no_formula():
    assert template_xlsx() == template_xlsx()
    assert template_csv() == template_csv()
    assert template_csv().startswith(b"\xef\xbb\xbfTeamlid;E-mail;")
    assert template_csv().count(b"\r\n") == 3
    book = openpyxl.load_workbook(io.BytesIO(template_xlsx()))
    assert book.sheetnames == ["Uren", "Uitleg"]
    assert {cell.data_type for cells in book["Uren"] for cell in cells} == {"s"}
    assert {cell.number_format for cells in book["Uren"]["C2:D3"] for cell in cells} == {"@"}


def test_d3_the_template_filled_in_by_excel_is_taken():
    book = openpyxl.load_workbook(io.BytesIO(template_xlsx()))
    sheet = book["Uren"]
    sheet["A2"], sheet["A3"] = "Noor", "Sam"
    sheet["F2"], sheet["G2"], sheet["H3"] = time(9), timedelta(hours=17), 45
    buffer = io.BytesIO()
    book.save(buffer)
    shifts = read(buffer.getvalue())
    assert [(shift.minutes, shift.personnel_number) for shift in shifts] == [(450, "00101"), (435, "00102")]


def test_d3_xlsx_and_csv_of_the_same_rows_say_the_same():
    rows = [row(), row(Datum="02-10-2026", Start="22:00", Eind="06:00")]
    assert read(xlsx_bytes(rows)) == read(csv_bytes(rows))
