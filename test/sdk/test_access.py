"""Errors as the SDK's typed exceptions, roles, and retries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import conftest
import fleet
import gcore
import httpx
import pytest
from fleet import MONTH, PROJECTS, TIME_FROM, TIME_TO
from gcore import Gcore

PERIOD = {"time_from": TIME_FROM, "time_to": TIME_TO}


@pytest.mark.parametrize(
    "arguments, field",
    [
        ({"year_month": "2026-13"}, "year_month"),
        ({"types": ["toaster"]}, "types"),
        ({"schema_filter": {"type": "volume", "field": "flavor", "values": ["x"]}}, "schema_filter"),
        ({"tags": {"conditions": []}}, "tags"),
        ({"tags": {"conditions": [{"key": "x"}]}}, "tags"),
        ({"time_from": "2026-10-01", "time_to": "2026-12-01"}, "time_to"),
        ({"extra_body": {"no_such_key": 1}}, "no_such_key"),
        ({"extra_query": {"year_month": "2026-10"}}, "year_month"),
        ({"regions": ["seventy-six"]}, "regions"),
    ],
)
def test_bad_request(sdk: Gcore, arguments: dict, field: str) -> None:
    with pytest.raises(gcore.BadRequestError) as caught:
        sdk.cloud.cost_reports.get_aggregated_monthly(**arguments)
    body = caught.value.body
    assert body["exception_class"] == "ValidationError"
    assert body["message"].startswith("Validation Error: ")
    assert body["request_id"]
    assert any(name.split(".")[0] == field for name in body["invalid_fields"]), body


def test_period_over_31_days(sdk: Gcore) -> None:
    with pytest.raises(gcore.BadRequestError):
        sdk.cloud.cost_reports.get_aggregated(time_from="2026-10-01", time_to="2026-11-02")


def test_bad_key(server: conftest.Server) -> None:
    for key in ("1234$wrong", "My API Key", server.operator_key[:-1] + "x"):
        with pytest.raises(gcore.AuthenticationError) as caught:
            server.sdk(key).cloud.cost_reports.get_aggregated_monthly()
        assert caught.value.body["request_id"]


def test_both_token_forms(server: conftest.Server) -> None:
    key = server.key(fleet.CLIENT, "administrator")
    for token in (key, key.replace("$", "_", 1)):
        assert server.sdk(token).cloud.cost_reports.get_aggregated_monthly(year_month=MONTH).count > 0


def test_project_key(project_sdk: Gcore) -> None:
    with pytest.raises(gcore.PermissionDeniedError) as caught:
        project_sdk.cloud.cost_reports.get_aggregated_monthly(year_month=MONTH)
    assert caught.value.body["exception_class"] == "ForbiddenError"
    with pytest.raises(gcore.PermissionDeniedError):
        project_sdk.cloud.billing_reservations.list(**PERIOD)
    with pytest.raises(gcore.PermissionDeniedError):
        project_sdk.cloud.cost_reports.get_aggregated(**PERIOD, projects=[PROJECTS[0]])
    rows = project_sdk.cloud.cost_reports.get_detailed(**PERIOD, limit=1000).results
    assert {row.project_id for row in rows} == {PROJECTS[1]}
    resources = project_sdk.cloud.usage_reports.get(**PERIOD, limit=1000).resources
    assert {row.project_id for row in resources} == {PROJECTS[1]}
    assert [p.id for p in project_sdk.cloud.projects.list()] == [PROJECTS[1]]


def test_unknown_path_and_method(server: conftest.Server, sdk: Gcore) -> None:
    with pytest.raises(gcore.NotFoundError) as caught:
        sdk.get("/cloud/v1/no_such_thing", cast_to=httpx.Response)
    assert caught.value.body["exception_class"] == "NotFoundError"
    with pytest.raises(gcore.APIStatusError) as caught:
        sdk.get("/cloud/v1/cost_report/totals", cast_to=httpx.Response)
    assert caught.value.status_code == 405


def test_clients_are_apart(other_sdk: Gcore) -> None:
    rows = other_sdk.cloud.cost_reports.get_detailed(**PERIOD, limit=1000).results
    assert {row.type for row in rows} == {"ai_cluster"} and {row.project_id for row in rows} == {600}
    with pytest.raises(gcore.PermissionDeniedError):
        other_sdk.cloud.cost_reports.get_detailed(**PERIOD, projects=PROJECTS)


def test_rate_limit(tmp_path) -> None:
    server = conftest.start(tmp_path / "data", "--rate-limit", "1", "--rate-burst", "2")
    try:
        key = server.key(fleet.CLIENT, "administrator")
        impatient, patient = server.sdk(key), server.sdk(key, max_retries=5)
        with pytest.raises(gcore.RateLimitError) as caught:
            for _ in range(10):
                impatient.cloud.cost_reports.get_aggregated_monthly()
        assert int(caught.value.response.headers["retry-after"]) >= 1
        for _ in range(3):  # one a second is allowed, so only a client that waits gets through
            patient.cloud.cost_reports.get_aggregated_monthly()
    finally:
        server.stop()


@pytest.fixture
def flaky(server: conftest.Server) -> Iterator[tuple[str, list[int]]]:
    """A proxy before the server that answers 503 twice, then lets requests through."""
    answers: list[int] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if len(answers) < 2:
                answers.append(503)
                self.send_response(503)
                self.send_header("Retry-After", "1")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            headers = {n: self.headers[n] for n in ("Authorization", "Content-Type")}
            answer = httpx.post(server.url + self.path, content=body, headers=headers)
            answers.append(answer.status_code)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_) -> None:
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{proxy.server_port}", answers
    proxy.shutdown()
    proxy.server_close()


def test_retries_after_503(server: conftest.Server, flaky: tuple[str, list[int]]) -> None:
    url, answers = flaky
    client = Gcore(base_url=url, api_key=server.key(fleet.CLIENT, "administrator"), _strict_response_validation=True)
    report = client.cloud.cost_reports.get_aggregated_monthly(year_month=MONTH)
    assert answers == [503, 503, 200]
    assert report.count > 0
