"""The packages of npm that the pages use, fetched once by `npm ci` with a lock file."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from zoo.data.cache import made_once

LISTS = Path(__file__).parent / "web" / "npm"
LISTED = ("package.json", "package-lock.json")
SECONDS = 600


def packages(lists: Path = LISTS) -> Path:
    """The folder `node_modules` with the packages of a lock file, from the cache or fetched by `npm ci`.

    Args:
        lists: the folder of package.json and package-lock.json; default those of the page.

    Raises:
        ValueError: npm is not installed, or cannot fetch them.
    """
    digest = hashlib.sha256(b"".join((lists / name).read_bytes() for name in LISTED)).hexdigest()
    return made_once(f"page-npm-{digest[:16]}", lambda folder: _fetch(lists, folder)) / "node_modules"


def _fetch(lists, folder):
    npm = shutil.which("npm")
    if npm is None:
        raise ValueError("`pinet page` fetches onnxruntime-web and a plotting library with npm: install Node.js.")
    for name in LISTED:
        shutil.copy(lists / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"`npm ci` did not end within {SECONDS} s; is its registry reachable?") from error
    if done.returncode:
        raise ValueError(f"`npm ci` cannot fetch the packages of the page: {done.stderr.strip()[-500:]}")
