"""Starts the real binary on a folder of its own and fills it over HTTP."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
from collections.abc import Iterator

import fleet
import httpx
import pytest
from gcore import Gcore

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("COSTD_BIN", ROOT / "bin" / "costd"))

RATE = ["--rate-limit", "100000", "--rate-burst", "100000"]


class Server:
    """A costd process, and the operator's way into it."""

    def __init__(self, folder: pathlib.Path, *flags: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            # The tests ask faster than any caller should: the limit on that has tests of its own.
            [BINARY, "serve", "--data", folder, "--listen", "127.0.0.1:0", *RATE, *flags],
            stdout=subprocess.PIPE,
            stderr=(folder.parent / f"{folder.name}.log").open("w"),
            text=True,
        )
        line = self.process.stdout.readline()
        assert "http://" in line, f"costd did not start: {line!r}"
        self.url = line[line.index("http://") :].split()[0]
        self.operator_key = (folder / "operator.key").read_text().strip()

    def call(self, method: str, path: str, **arguments) -> httpx.Response:
        headers = {"Authorization": f"APIKey {self.operator_key}"} | arguments.pop("headers", {})
        response = httpx.request(method, self.url + path, headers=headers, timeout=60, **arguments)
        response.raise_for_status()
        return response

    def send(self, records: list[dict]) -> None:
        body = "\n".join(json.dumps(r) for r in records)
        answer = self.call(
            "POST", "/api/v1/usage", content=body, headers={"Content-Type": "application/x-ndjson"}
        ).json()
        assert answer["rejected"] == [] and answer["accepted"] == len(records), answer

    def key(self, client: int, role: str, projects: list[int] | None = None) -> str:
        body = {"client_id": client, "role": role} | ({"projects": projects} if projects else {})
        return self.call("POST", "/api/v1/keys", json=body).json()["token"]

    def sdk(self, key: str, **options) -> Gcore:
        """The official client, which fails on any answer that does not fit its models."""
        return Gcore(base_url=self.url, api_key=key, _strict_response_validation=True, **({"max_retries": 0} | options))

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0


def start(folder: pathlib.Path, *flags: str) -> Server:
    server = Server(folder, *flags)
    server.call("PUT", "/api/v1/catalog", json=fleet.catalog())
    return server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start(tmp_path_factory.mktemp("costd") / "data")
    server.send(fleet.usage() + fleet.worked_month() + [fleet.current_month_usage()])
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sdk(server: Server) -> Gcore:
    """The client of Acme's administrator."""
    return server.sdk(server.key(fleet.CLIENT, "administrator"))


@pytest.fixture(scope="session")
def other_sdk(server: Server) -> Gcore:
    """The client of the other customer's administrator, who has a commitment."""
    return server.sdk(server.key(fleet.OTHER_CLIENT, "administrator"))


@pytest.fixture(scope="session")
def project_sdk(server: Server) -> Gcore:
    """The client of a member of Acme's second project."""
    return server.sdk(server.key(fleet.CLIENT, "project", [fleet.PROJECTS[1]]))
