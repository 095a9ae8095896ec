"""The built site, from disk and from a server."""

import functools
import http.server
import threading

import pytest

from tests import ROOT, skip_without

SITE = ROOT / "build" / "site"
NO_SITE = "build/site/ is not there, or older than its sources: run make site"


@pytest.fixture(scope="session")
def site():
    """The folder that `make site` wrote."""
    sources = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "website").rglob("*.*")]
    newest = max(path.stat().st_mtime for path in sources if "__pycache__" not in path.parts)
    index = SITE / "index.html"
    if not index.exists() or index.stat().st_mtime < newest:
        skip_without("site", NO_SITE)
    return SITE


@pytest.fixture(scope="session")
def server(site):
    """The address of the site on a server of this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()
