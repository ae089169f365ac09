"""What a person recognises a device by: "Chrome op Windows". Only that is kept, never the whole text of a browser."""

from __future__ import annotations

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
            ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
           ("CrOS", "Chromebook"), ("Mac OS X", "Mac"), ("Linux", "Linux"))  # fmt: skip


def name_of(user_agent: str) -> str:
    """
    >>> name_of("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0")
    'Edge op Windows'
    >>> name_of("curl/8.5.0")
    'Onbekend apparaat'
    """
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " op ".join(part for part in (browser, system) if part) or "Onbekend apparaat"
