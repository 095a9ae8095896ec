"""Pages of a few lines, opened from disk with files of website/_static, as a site includes them."""

import contextlib

from tests import ROOT

STATIC = ROOT / "website" / "_static"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
STEP_MILLISECONDS = 10_000


@contextlib.contextmanager
def opened(browser, address, viewport=DESKTOP, **options):
    """A page at this address. Fails on an error in the console, when it is closed."""
    errors = []
    page = browser.new_page(viewport=viewport, **options)
    page.set_default_timeout(STEP_MILLISECONDS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.goto(address)
    yield page
    page.close()
    assert errors == []


def written(folder, html, *files):
    """The address of a new page in `folder` with this HTML, and these styles and scripts."""
    styles = [name for name in files if name.endswith(".css")]
    scripts = [name for name in files if name.endswith(".js")]
    head = "".join(f'<link rel="stylesheet" href="{(STATIC / s).as_uri()}">' for s in styles)
    foot = "".join(f'<script src="{(STATIC / s).as_uri()}"></script>' for s in scripts)
    page = folder / "page.html"
    page.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}</head><body><main>{html}</main>{foot}</body></html>",
        encoding="utf-8",
    )
    return page.as_uri()
