"""A real browser without a window: Chromium, driven by selenium, with a profile that is thrown away."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=390,844",
)


@contextmanager
def browser() -> Iterator[Chrome]:
    """One browser, the size of a phone; it is slow to start, so a test starts one."""
    chromium, driver = which("chromium"), which("chromedriver")
    assert chromium and driver, "install the packages `chromium` and `chromium-driver`"
    with tempfile.TemporaryDirectory(prefix="pm-browser-", ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = chromium
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        started = Chrome(options=options, service=Service(driver))
        try:
            started.set_page_load_timeout(60)
            yield started
        finally:
            started.quit()
