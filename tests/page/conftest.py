"""A site with some of the models, a server for it, and a browser; what is missing skips the tests that need it."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from zoo.page.building import build_site
from zoo.page.npm import packages
from zoo.page.serving import site_server

# One of each page, quick to export; polynet_mnist, for one, is left out: its page must say so.
MODELS = ("pinet_mnist_tiny", "polynet_cifar10", "pinet_mnist_generator")
UNREACHABLE = ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "ETIMEDOUT")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def page_cache(tmp_path_factory):
    """A cache that the tests of the page share, in all processes: packages and models are made once."""
    base = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        patch.setenv("PINET_CACHE", str(shared / "page_cache"))
        yield


@pytest.fixture(autouse=True)
def own_cache(page_cache):
    """In place of the cache that every other test has for itself."""


@pytest.fixture(scope="session")
def modules(page_cache):
    """The folder `node_modules` of these tests; the packages of the page are in the cache as well."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, and the page is built with its packages")
    try:
        packages()
        return packages(Path(__file__).parent / "npm")
    except ValueError as error:
        if any(word in str(error) for word in UNREACHABLE):
            pytest.skip(f"the registry of npm cannot be reached: {error}")
        raise


@pytest.fixture(scope="session")
def site(modules, tmp_path_factory):
    """The folder of a site."""
    return build_site(tmp_path_factory.mktemp("site"), MODELS)


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served."""
    with site_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[dev]'")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser is installed: {', '.join(BROWSERS)}")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=path)
        yield started
        started.close()


@pytest.fixture
def visit(browser, address):
    """Opens a page of the site; at the end there must have been no error, and no request to another server."""
    contexts, problems = [], []

    def open_page(name, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: problems.append(request.url) if not _is_ours(request.url) else None)
        page.goto(address + name)
        return page

    def _is_ours(url):
        return url.startswith((address, "data:", "blob:"))

    open_page.problems = problems
    yield open_page
    for context in contexts:
        context.close()
    assert not problems


@pytest.fixture(scope="session")
def axe(modules):
    """The source of axe-core."""
    return (modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
