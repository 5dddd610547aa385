"""A stand-in for the HTTP API of the Hugging Face Hub: what huggingface_hub calls to list, download and commit."""

import base64
import contextlib
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_the_tests"


class Hub:
    """Repositories as lists of commits, each a dict of files; `main` is the last one."""

    def __init__(self):
        self.repositories: dict[str, list[tuple[str, dict[str, bytes]]]] = {}
        self.uploads: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.private: set[str] = set()
        self.status = 0  # of every answer, if it is not 0

    def commit(self, repository, files):
        """Add files to a repository; gives the commit."""
        commits = self.repositories.setdefault(repository, [])
        oid = hashlib.sha1(f"{repository}{len(commits)}".encode()).hexdigest()
        commits.append((oid, {**(commits[-1][1] if commits else {}), **files}))
        return oid

    def at(self, repository, revision):
        """Commit and files at a revision, or None."""
        commits = self.repositories[repository]
        return commits[-1] if revision == "main" and commits else dict_of(commits, revision)


def dict_of(commits, revision):
    return next((each for each in commits if each[0] == revision), None)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.begun()
        if path is None:
            return
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/([^/]+))?", path):
            repository, kind, revision = found.groups()
            if (state := self.state(repository, revision or "main")) is None:
                return
            sizes = [(file, len(content)) for file, content in sorted(state[1].items())]
            if kind == "tree":
                return self.answer([{"type": "file", "path": file, "size": size, "oid": "0"} for file, size in sizes])
            files = [{"rfilename": file, "size": size} for file, size in sizes]
            return self.answer({"id": repository, "modelId": repository, "sha": state[0], "siblings": files})
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            repository, revision, file = found.groups()
            if (state := self.state(repository, revision)) is None:
                return None
            if file not in state[1]:
                return self.refuse(404, "EntryNotFound")
            content = state[1][file]
            etag = hashlib.sha256(content).hexdigest()
            return self.send(200, content, {"X-Repo-Commit": state[0], "ETag": f'"{etag}"'})
        return self.refuse(404, "")

    def do_POST(self):
        path = self.begun()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if path is None:
            return None
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.refuse(403, "")
        hub = self.server.hub
        if path == "/api/repos/create":
            wanted = json.loads(body)
            repository = f"{wanted['organization']}/{wanted['name']}"
            if repository in hub.repositories:
                return self.answer({"error": "exists", "url": f"{self.server.url}/{repository}"}, 409)
            hub.repositories[repository] = []
            if wanted.get("private") or wanted.get("visibility") == "private":
                hub.private.add(repository)
            hub.commit(repository, {".gitattributes": b"*.h5 filter=lfs\n"})
            return self.answer({"url": f"{self.server.url}/{repository}", "id": repository})
        if path == "/api/validate-yaml":
            return self.answer({"errors": [], "warnings": []})
        if re.fullmatch(r"/api/models/[^/]+/[^/]+/preupload/main", path):
            files = [file["path"] for file in json.loads(body)["files"]]
            modes = {file: "lfs" if file.endswith(".h5") else "regular" for file in files}
            entries = [{"path": file, "uploadMode": mode, "shouldIgnore": False} for file, mode in modes.items()]
            return self.answer({"files": entries})
        if path.endswith(".git/info/lfs/objects/batch"):
            objects = [
                {**each, "actions": {"upload": {"href": f"{self.server.url}/upload/{each['oid']}"}}}
                for each in json.loads(body)["objects"]
            ]
            return self.answer({"transfer": "basic", "objects": objects})
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/main", path):
            files = {}
            for line in map(json.loads, body.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    files[value["path"]] = hub.uploads[value["oid"]]
            oid = hub.commit(found.group(1), files)
            url = f"{self.server.url}/{found.group(1)}/commit/{oid}"
            return self.answer({"commitUrl": url, "commitOid": oid, "success": True})
        return self.refuse(404, "")

    def do_PUT(self):
        path = self.begun()
        content = self.rfile.read(int(self.headers["Content-Length"]))
        assert hashlib.sha256(content).hexdigest() == path.rpartition("/")[2]
        self.server.hub.uploads[path.rpartition("/")[2]] = content
        self.send(200, b"", {})

    def begun(self):
        """The path of the request; None if it was answered with an error already."""
        path = unquote(urlsplit(self.path).path)
        self.server.hub.requests.append(f"{self.command} {path}")
        if self.server.hub.status:
            self.refuse(self.server.hub.status, "")
            return None
        return path

    def state(self, repository, revision):
        hub = self.server.hub
        hidden = repository in hub.private and self.headers.get("Authorization") != f"Bearer {TOKEN}"
        if repository not in hub.repositories or hidden:
            return self.refuse(401 if hidden else 404, "RepoNotFound")
        return hub.at(repository, revision) or self.refuse(404, "RevisionNotFound")

    def refuse(self, status, code):
        self.send(status, b'{"error": "refused"}', {"X-Error-Code": code} if code else {})

    def answer(self, value, status=200):
        self.send(status, json.dumps(value, allow_nan=False).encode(), {"Content-Type": "application/json"})

    def send(self, status, content, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(BrokenPipeError):
                self.wfile.write(content)


@contextlib.contextmanager
def serving():
    """Yields a `Hub` and the address of its server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.hub, server.url = Hub(), f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.hub, server.url
    finally:
        server.shutdown()
        server.server_close()
