"""Starts the real binary on a folder of its own, fills it over HTTP, and lets
schemathesis loose on it. Prints how many requests it made up and the server has
answered, and fails if these are too few. Arguments it does not know are for
schemathesis, such as `--seed 7`, or `--fewest 0 --phases fuzzing --include-operation-id check`."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

import fleet

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("COSTD_BIN", ROOT / "bin" / "costd"))
FEWEST = 2000  # requests; with fewer something is wrong with the run itself
ANSWERED = re.compile(rb"^costd_http_requests_total{.*} (\d+)$", re.MULTILINE)
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

    def answered(self) -> int:
        """How many requests the server has answered, by its own count."""
        return sum(int(number) for number in ANSWERED.findall(self.call("GET", "/metrics")))

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0, "costd did not stop cleanly"


def explore(st: str, server: Server, folder: pathlib.Path, fewest: int, arguments: list[str]) -> int:
    environment = os.environ | {
        "COSTD_OPERATOR_KEY": server.operator_key,
        "COSTD_ADMINISTRATOR_KEY": server.fill(),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
    }
    document, report = folder / "openapi.yaml", folder / "report.json"
    document.write_bytes(server.call("GET", "/openapi.yaml"))  # from a file, so that its own path is tried too
    command = [st, "--config-file", "schemathesis.toml", "run", document, "--url", server.url, "--no-color"]
    command += ["--report", "json", "--report-json-path", report]
    before = server.answered()
    status = subprocess.run([*command, *arguments], env=environment, timeout=TIMEOUT).returncode
    answered = server.answered() - before
    result = json.loads(report.read_text())
    cases = result["test_cases"]["generated"]
    print(f"schemathesis: {cases} requests made up, {answered} answered")
    if min(cases, answered) < fewest:
        print(f"these are fewer than {fewest}", file=sys.stderr)
        return 1
    return status or int(bool(result["failures"] or result["errors"]))  # a status of 0 may hide failures


def main() -> int:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("st", help="the command of schemathesis")
    parser.add_argument("--fewest", type=int, default=FEWEST, help="fail with fewer requests")
    own, others = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="costd-schemathesis-") as folder:
        server = Server(pathlib.Path(folder) / "data")
        try:
            return explore(own.st, server, pathlib.Path(folder), own.fewest, others)
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
