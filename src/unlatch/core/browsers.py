"""What to call a browser: "Chrome on Windows", "Safari on iPhone", "a browser".

A user agent is chosen by whoever sends it, and this text goes into mails and pages. So none
of it is ever passed on: it is only looked up, and every word that comes out stands in the
tables below.
"""

LONGEST = 512
"""Characters of a user agent that are looked at."""

_BROWSERS = {
    "Amazon Silk": "Silk",
    "Brave": "Brave",
    "Chrome": "Chrome",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chromium": "Chromium",
    "DuckDuckGo": "DuckDuckGo",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Ecosia Android": "Ecosia",
    "Ecosia iOS": "Ecosia",
    "Edge": "Edge",
    "Edge Mobile": "Edge",
    "Epiphany": "GNOME Web",
    "Firefox": "Firefox",
    "Firefox Alpha": "Firefox",
    "Firefox Beta": "Firefox",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "HeadlessChrome": "Chrome",
    "Huawei Browser": "Huawei Browser",
    "IE": "Internet Explorer",
    "IE Mobile": "Internet Explorer",
    "MiuiBrowser": "Mi Browser",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Opera": "Opera",
    "Opera GX": "Opera",
    "Opera Mini": "Opera",
    "Opera Mobile": "Opera",
    "Opera Touch": "Opera",
    "QQ Browser": "QQ Browser",
    "QQ Browser Mobile": "QQ Browser",
    "Safari": "Safari",
    "Samsung Internet": "Samsung Internet",
    "UC Browser": "UC Browser",
    "Vivaldi": "Vivaldi",
    "Whale": "Whale",
    "Yandex Browser": "Yandex Browser",
}

_SYSTEMS = {
    "Android": "Android",
    "Arch Linux": "Linux",
    "Chrome OS": "ChromeOS",
    "Debian": "Linux",
    "Fedora": "Linux",
    "FreeBSD": "FreeBSD",
    "Gentoo": "Linux",
    "Linux": "Linux",
    "Linux Mint": "Linux",
    "Mac OS X": "Mac",
    "NetBSD": "NetBSD",
    "OpenBSD": "OpenBSD",
    "Red Hat": "Linux",
    "SUSE": "Linux",
    "Ubuntu": "Linux",
    "Windows": "Windows",
    "Windows Phone": "Windows Phone",
    "iOS": "iOS",
}

_APPLE_DEVICES = {"iPhone": "iPhone", "iPad": "iPad", "iPod": "iPod"}


def browser_name(user_agent: str) -> str:
    """A few known words for a browser and the system it runs on, fit for a mail or a page.

    A claim, not a proof: anybody can send any user agent. Nothing is raised, whatever it is.
    """
    # Imported at the first need: its rules take a third of a second and 28 MB to load.
    from ua_parser import parse

    # What browsers are known by is ASCII; a lone surrogate would upset the matcher.
    seen = parse(user_agent[:LONGEST].encode("ascii", "replace").decode("ascii"))
    browser = _BROWSERS.get(seen.user_agent.family) if seen.user_agent else None
    system = _SYSTEMS.get(seen.os.family) if seen.os else None
    if system == "iOS" and seen.device is not None:
        system = _APPLE_DEVICES.get(seen.device.family, system)
    if browser is None and system is None:
        return "a browser"
    return f"{browser or 'a browser'} on {system}" if system else f"{browser}"


def sentence_case(name: str) -> str:
    """A browser's name where a line begins with it."""
    return name[:1].upper() + name[1:]
