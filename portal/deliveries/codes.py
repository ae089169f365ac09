"""Codes of deliveries: why a line is refused or unknown, why a delivery waits, what a correction waits for."""

from __future__ import annotations

from portal.kernel.codes import CODES

STOPPED_HALFWAY = CODES.new("onbekend-gestopt")
MORE_ROWS = CODES.new("onbekend-meer-regels")
OTHER_HOURS = CODES.new("onbekend-andere-uren")
NOT_AS_EXPECTED = CODES.new("onbekend-anders-dan-verwacht")
NO_BASELINE = CODES.new("onbekend-geen-beginstand")
NOT_READ = CODES.new("onbekend-niet-gelezen")
NOT_NAMED = CODES.new("onbekend-niet-genoemd")
LOST_TOO_OFTEN = CODES.new("onbekend-te-vaak")
CHANGED = CODES.new("regel-veranderd")
LANDED_LATE = CODES.new("onbekend-te-laat-geboekt")
TWIN = CODES.new("regel-staat-er-misschien-al")
REFUSED_BY_OFFICE = CODES.new("kantoor-regel-geweigerd")
UNREADABLE = CODES.new("levering-onleesbaar")
NOT_SENDABLE = CODES.new("levering-koppeling")
OTHER_COMPANY = CODES.new("levering-ander-bedrijf")
FAULT = CODES.new("levering-fout")
FIRST_SEND = CODES.new("correctie-eerst-versturen")
FIRST_LOOK = CODES.new("correctie-eerst-nakijken")
FIRST_MEND = CODES.new("correctie-eerst-geweigerde-regel")
FIRST_FINISH = CODES.new("correctie-eerst-afmaken")
READING_FAILED = CODES.new("verschil-lezen-mislukt")
SENT_ALREADY = CODES.new("export-al-verstuurd")
CHOSEN_ANEW = CODES.new("regel-anders-gekozen")
JUST_SENT = CODES.new("regel-net-verstuurd")
RECEIPT_UNKNOWN = CODES.new("bewijs-onbekend")
RECEIPT_UNSOUND = CODES.new("bewijs-klopt-niet")
RECEIPT_ERASED = CODES.new("bewijs-gewist")
NO_RECEIPT = CODES.new("bewijs-nog-niet")
