"""Starts the real binary on a folder of its own, fills it over HTTP, and lets
schemathesis loose on it. Prints how many requests it made up."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

import fleet

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("COSTD_BIN", ROOT / "bin" / "costd"))
FEWEST = 2000  # requests; with fewer something is wrong with the run itself
TIMEOUT = 600  # seconds; a run takes a minute or two on two idle cores


class Server:
    """A costd process, and the operator's way into it."""

    def __init__(self, folder: pathlib.Path) -> None:
        # Requests are made up as fast as they are answered, many with wrong keys.
        flags = ["--rate-limit", "0", "--behind-proxy", "--log-level", "warn"]
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", folder, "--listen", "127.0.0.1:0", *flags], stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        assert "http://" in line, f"costd did not start: {line!r}"
        self.url = line[line.index("http://") :].split()[0]
        self.operator_key = (folder / "operator.key").read_text().strip()

    def call(self, method: str, path: str, body: bytes | None = None, content_type: str = "application/json") -> bytes:
        headers = {"Authorization": f"APIKey {self.operator_key}", "Content-Type": content_type}
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read()

    def fill(self) -> str:
        """Puts the fleet in, and returns a key of its customer's administrator."""
        self.call("PUT", "/api/v1/catalog", json.dumps(fleet.catalog()).encode())
        records = fleet.usage() + fleet.worked_month() + [fleet.current_month_usage()]
        answer = json.loads(self.call("POST", "/api/v1/usage", json.dumps(records).encode()))
        assert answer["accepted"] == len(records), answer
        wanted = {"client_id": fleet.CLIENT, "role": "administrator"}
        return json.loads(self.call("POST", "/api/v1/keys", json.dumps(wanted).encode()))["token"]

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0, "costd did not stop cleanly"


def explore(st: str, server: Server, folder: pathlib.Path, arguments: list[str]) -> int:
    environment = os.environ | {
        "COSTD_OPERATOR_KEY": server.operator_key,
        "COSTD_ADMINISTRATOR_KEY": server.fill(),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
    }
    document, report = folder / "openapi.yaml", folder / "report.json"
    document.write_bytes(server.call("GET", "/openapi.yaml"))  # from a file, so that its own path is tried too
    command = [st, "--config-file", "schemathesis.toml", "run", document, "--url", server.url, "--no-color"]
    command += ["--report", "json", "--report-json-path", report]
    status = subprocess.run([*command, *arguments], env=environment, timeout=TIMEOUT).returncode
    result = json.loads(report.read_text())
    cases = result["test_cases"]["generated"]
    print(f"schemathesis: {cases} requests made up")
    if not arguments and cases < FEWEST:
        print(f"these are fewer than {FEWEST}", file=sys.stderr)
        return 1
    return status or int(bool(result["failures"] or result["errors"]))  # a status of 0 may hide failures


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="costd-schemathesis-") as folder:
        server = Server(pathlib.Path(folder) / "data")
        try:
            return explore(sys.argv[1], server, pathlib.Path(folder), sys.argv[2:])
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
