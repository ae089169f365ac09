"""`portal restore` erases once more, before anybody sees a page (H5)."""

from __future__ import annotations

from portal.commands.start import prepare
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.backup.machine import Machine
from tests.deliveries.stage import Stage
from tests.privacy.later import Backup, hits, told


def test_h5_a_restore_erases_again(nmbrs: Stage, sent: int, acting: Acting, settings: Settings) -> None:
    machine = Machine(nmbrs, settings)
    file = machine.backup()
    told(settings, "person", "erase", "--organisation", "Brasserie De Zon", "--person", "101", "--yes")
    assert "Erased again: 1." in machine.restore(file).stdout
    assert hits(acting, "Sanne", "sanne@dezon.example") == []
    assert hits(acting, "Daan Visser")


def test_h5_the_start_of_a_process_erases_again(nmbrs: Stage, sent: int, acting: Acting, settings: Settings) -> None:
    """Whoever puts rows back by other means than our command."""
    backup = Backup(settings)
    told(settings, "person", "erase", "--organisation", "Brasserie De Zon", "--person", "101", "--yes")
    backup.restore()
    prepare(settings, opens=True)
    assert hits(acting, "sanne@dezon.example") == []
