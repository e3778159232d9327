"""Every report call of the SDK, every type, every filter, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from fractions import Fraction

import fleet
import pytest
from fleet import CLIENT, KINDS, MONTH, PROJECTS, REGION, TIME_FROM, TIME_TO
from gcore import AsyncGcore, Gcore

PERIOD = {"time_from": TIME_FROM, "time_to": TIME_TO}
ALL = {"limit": 1000}
TYPES = list(KINDS)


def exact(raw) -> list[dict]:
    """The rows of a raw response, numbers read from their digits."""
    body = json.loads(raw.read(), parse_float=Decimal, parse_int=Decimal)
    return body.get("results", body.get("resources"))


def rounded(x: Fraction, places: int) -> Decimal:
    """x to so many places, half to even, as the server has to round it."""
    return Decimal(round(x * 10**places)).scaleb(-places)


def test_no_arguments_at_all(sdk: Gcore) -> None:
    report = sdk.cloud.cost_reports.get_aggregated_monthly()
    assert report.count == len(report.results) == 1
    assert report.results[0].type == "instance"


def test_monthly_has_every_type(sdk: Gcore) -> None:
    report = sdk.cloud.cost_reports.get_aggregated_monthly(year_month=MONTH)
    assert {row.type for row in report.results} == set(TYPES)
    assert len({type(row) for row in report.results}) == len(TYPES), "each type has a model of its own"
    assert report.price_status == "show"
    assert all(row.currency == "EUR" and row.err is None for row in report.results)
    assert all(row.billing_feature_name.endswith(" - PAYG") for row in report.results)


@pytest.mark.parametrize("rounding, places", [(True, 5), (False, 18)])
@pytest.mark.parametrize("type_", TYPES)
def test_totals_are_exact(sdk: Gcore, type_: str, rounding: bool, places: int) -> None:
    whole = {
        "monthly": sdk.cloud.cost_reports.with_raw_response.get_aggregated_monthly(
            year_month=MONTH, types=[type_], rounding=rounding
        ),
        "period": sdk.cloud.cost_reports.with_raw_response.get_aggregated(**PERIOD, types=[type_], rounding=rounding),
    }
    groups = [[0], [1]] if KINDS[type_].dimension else [[0, 1]]
    want = sorted(
        (
            rounded(sum(fleet.quantity(type_, i) for i in group), 9),
            rounded(sum(fleet.cost(type_, i) for i in group), places),
        )
        for group in groups
    )
    for name, response in whole.items():
        got = sorted((row["billing_value"], row["cost"]) for row in exact(response))
        assert got == want, name


@pytest.mark.parametrize("type_", TYPES)
def test_resources_are_exact(sdk: Gcore, type_: str) -> None:
    rows = sdk.cloud.cost_reports.get_detailed(**PERIOD, types=[type_], order_by=["project.asc"]).results
    assert [row.project_id for row in rows] == PROJECTS
    raw = exact(sdk.cloud.cost_reports.with_raw_response.get_detailed(**PERIOD, types=[type_], rounding=False))
    for i, row in enumerate(raw):
        assert row["billing_value"] == rounded(fleet.quantity(type_, i), 9)
        assert row["cost"] == rounded(fleet.cost(type_, i), 18)
        assert row["first_seen"] == fleet.STARTS[i] and row["last_seen"] == fleet.ENDS[i]
        if "uuid" in row:
            assert row["uuid"] == fleet.resource_id(type_, i) and row["last_name"] == f"{type_} {i}"
        if KINDS[type_].tagged:
            assert {k: v for tag in row["tags"] for k, v in tag.items()} == fleet.TAGS[i]
        else:
            assert "tags" not in row


@pytest.mark.parametrize("type_", TYPES)
def test_usage_report(sdk: Gcore, type_: str) -> None:
    report = sdk.cloud.usage_reports.get(**PERIOD, types=[type_])
    assert report.count == 2
    assert [Fraction(str(r.billing_value)) for r in report.resources] == [
        Fraction(rounded(fleet.quantity(type_, i), 9)) for i in (0, 1)
    ]
    raw = sdk.cloud.usage_reports.with_raw_response.get(**PERIOD, types=[type_])
    assert all("cost" not in row and "currency" not in row for row in exact(raw))


@pytest.mark.parametrize("type_, field", [(t, f) for t, kind in KINDS.items() for f in kind.filters])
def test_schema_filter(sdk: Gcore, type_: str, field: str) -> None:
    record = next(r for r in fleet.usage() if r["type"] == type_)
    value = {
        "type": type_,
        "uuid": record["resource_id"],
        "last_name": record["name"],
        "last_size": str(record.get("size")),
        "flavor": record.get("flavor"),
    }.get(field) or record["attributes"][field]
    shared = field == "type" or (field not in ("uuid", "last_name", "last_size") and KINDS[type_].attributes.get(field))
    rows = sdk.cloud.cost_reports.get_detailed(
        **PERIOD, schema_filter={"type": type_, "field": field, "values": [value, "no such value"]}
    ).results
    assert [row.project_id for row in rows] == (PROJECTS if shared else PROJECTS[:1])
    totals = sdk.cloud.cost_reports.get_aggregated_monthly(
        year_month=MONTH, schema_filter={"type": type_, "field": field, "values": [value]}
    )
    assert {row.type for row in totals.results} == {type_}
    nothing = sdk.cloud.cost_reports.get_aggregated(
        **PERIOD, schema_filter={"type": type_, "field": field, "values": ["no such value"]}
    )
    assert nothing.count == 0 and nothing.results == []


@pytest.mark.parametrize(
    "tags, projects",
    [
        ({"conditions": [{"key": "env"}]}, PROJECTS),
        ({"conditions": [{"key": "team"}]}, PROJECTS[:1]),
        ({"conditions": [{"value": "staging"}]}, PROJECTS[1:]),
        ({"conditions": [{"key": "env", "value": "Production"}]}, PROJECTS[:1]),
        ({"conditions": [{"key": "env", "value": "production"}]}, []),
        ({"conditions": [{"key": "env", "value": "PROD", "strict": False}]}, PROJECTS[:1]),
        ({"conditions": [{"key": "env", "value": "Production"}, {"key": "env", "value": "staging"}]}, PROJECTS),
        (
            {
                "conditions": [{"key": "env", "value": "Production"}, {"key": "env", "value": "staging"}],
                "condition_type": "AND",
            },
            [],
        ),
        ({"conditions": [{"key": "env"}, {"key": "team"}], "condition_type": "AND"}, PROJECTS[:1]),
    ],
)
def test_tags(sdk: Gcore, tags: dict, projects: list[int]) -> None:
    rows = sdk.cloud.cost_reports.get_detailed(**PERIOD, **ALL, tags=tags).results
    assert sorted({row.project_id for row in rows}) == projects
    monthly = sdk.cloud.cost_reports.get_aggregated_monthly(year_month=MONTH, tags=tags)
    assert (monthly.count > 0) == bool(projects)


def test_regions_and_projects(sdk: Gcore) -> None:
    everything = sdk.cloud.cost_reports.get_aggregated(**PERIOD).count
    assert sdk.cloud.cost_reports.get_aggregated(**PERIOD, regions=[REGION]).count == everything
    assert sdk.cloud.cost_reports.get_aggregated(**PERIOD, regions=[8]).count == 0
    rows = sdk.cloud.cost_reports.get_detailed(**PERIOD, **ALL, projects=[PROJECTS[1]]).results
    assert {row.project_id for row in rows} == {PROJECTS[1]} and len(rows) == len(TYPES)


def test_last_day(sdk: Gcore) -> None:
    days = {"time_from": "2026-10-05", "time_to": "2026-10-06", "types": ["instance"]}
    (row,) = sdk.cloud.cost_reports.get_aggregated(**days).results
    assert row.billing_value == 14 * 60
    rows = sdk.cloud.cost_reports.get_aggregated(**days, enable_last_day=True).results
    assert [r.billing_value for r in rows] == [1000, pytest.approx(1 / 12)]


@pytest.mark.parametrize(
    "order_by, pick",
    [
        (["billing_value.desc"], lambda r: -r.billing_value),
        (["first_seen.desc"], lambda r: -r.first_seen.timestamp()),
        (["last_seen.asc"], lambda r: r.last_seen.timestamp()),
        (["type.asc", "project.desc"], lambda r: (r.type, -r.project_id)),
        (["region.asc", "project.asc"], lambda r: (r.region, r.project_id)),
        (["project.desc", "type.desc"], None),
    ],
)
def test_order_and_pages(sdk: Gcore, order_by: list[str], pick) -> None:
    call = sdk.cloud.cost_reports.get_detailed
    whole = call(**PERIOD, **ALL, order_by=order_by)
    assert whole.count == len(whole.results) == 2 * len(TYPES)
    if pick:
        assert [pick(r) for r in whole.results] == sorted(pick(r) for r in whole.results)
    pages = [call(**PERIOD, limit=7, offset=o, order_by=order_by) for o in range(0, whole.count, 7)]
    assert all(page.count == whole.count for page in pages)
    assert [r for page in pages for r in page.results] == whole.results
    assert len(call(**PERIOD).results) == 10, "the default limit"


def test_deprecated_sorting(sdk: Gcore) -> None:
    rows = sdk.cloud.cost_reports.get_detailed(**PERIOD, **ALL, sorting=[{"project": "desc"}]).results
    projects = [row.project_id for row in rows]
    assert projects == sorted(projects, reverse=True)


def table(raw) -> list[dict[str, str]]:
    assert raw.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in raw.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(raw.read().decode())))


def test_csv_totals(sdk: Gcore, other_sdk: Gcore) -> None:
    call = sdk.cloud.cost_reports.with_raw_response.get_aggregated
    rows = table(call(**PERIOD, response_format="csv_totals"))
    assert list(rows[0]) == (
        "Type Feature Region_id Region_name Period_from Period_to Units Value Error Cost Currency".split()
    )
    assert [(Decimal(r["Value"]), Decimal(r["Cost"])) for r in rows] == [
        (r["billing_value"], r["cost"]) for r in exact(call(**PERIOD))
    ]

    (row,) = table(
        other_sdk.cloud.cost_reports.with_raw_response.get_aggregated_monthly(
            year_month=MONTH, response_format="csv_totals"
        )
    )
    assert list(row) == (
        "Type,Feature,Region_id,Region_name,Period,Units,Value,Commit value,Commit cost,Overcommit cost,Error,Currency"
    ).split(",")
    assert (row["Region_name"], row["Period"], row["Currency"]) == ("Luxembourg-2", MONTH, "EUR")
    assert [Decimal(row[c]) for c in ("Value", "Commit value", "Commit cost", "Overcommit cost")] == [
        Decimal(104730), Decimal(89280), Decimal(18600), Decimal("5124.25"),
    ]  # fmt: skip


def test_csv_records_ignore_the_limit(sdk: Gcore) -> None:
    call = sdk.cloud.cost_reports.with_raw_response.get_detailed
    rows = table(call(**PERIOD, limit=1, response_format="csv_records", order_by=["type.asc", "project.asc"]))
    want = exact(call(**PERIOD, **ALL, order_by=["type.asc", "project.asc"]))
    assert len(rows) == len(want) == 2 * len(TYPES)
    for got, row in zip(rows, want):
        assert (got["Service"], Decimal(got["Value"]), Decimal(got["Cost"])) == (
            row["type"], row["billing_value"], row["cost"],
        )  # fmt: skip
        assert got["Project_name"] == f"project {got['Project_id']}"


def test_the_sdk_hands_csv_over_as_text(sdk: Gcore) -> None:
    report = sdk.with_options().cloud.cost_reports
    text = Gcore(base_url=str(sdk.base_url), api_key=sdk.api_key).cloud.cost_reports.get_aggregated_monthly(
        year_month=MONTH, response_format="csv_totals"
    )
    assert isinstance(text, str) and text.startswith("Type,Feature,")
    assert report is not None


def test_worked_month(other_sdk: Gcore) -> None:
    def month(year_month: str, uuid: str | None = None) -> list[tuple[str, Decimal, Decimal]]:
        narrow = {"schema_filter": {"type": "ai_cluster", "field": "uuid", "values": [uuid]}} if uuid else {}
        raw = other_sdk.cloud.cost_reports.with_raw_response.get_aggregated_monthly(year_month=year_month, **narrow)
        return [(r["billing_feature_name"].rsplit(" - ")[1], r["billing_value"], r["cost"]) for r in exact(raw)]

    d = Decimal
    assert month("2026-10") == [("Commit", d(89280), d(18600)), ("Overcommit", d(15450), d("5124.25"))]
    assert month("2026-10", "C") == [
        ("Commit", d(10300), d("2145.83333")),
        ("Overcommit", d(5150), d("1708.08333")),
    ]
    for server in ("A", "B"):
        assert month("2026-10", server) == [
            ("Commit", d(39490), d("8227.08333")),
            ("Overcommit", d(5150), d("1708.08333")),
        ]
    assert month("2026-11") == [("Commit", d(43200), d(18600))]
    assert month("2026-11", "A") == [("Commit", d(43200), d(9000))]


def test_ways_to_name_the_month(other_sdk: Gcore) -> None:
    call = other_sdk.cloud.cost_reports.get_aggregated_monthly
    want = call(year_month=MONTH)
    for period in (
        {"time_from": "2026-10"},
        {"time_to": "2026-10"},
        {"time_from": "2026-10-07T12:30:00.123456+02:00"},
        {"time_from": "2026-10-01", "time_to": "2026-10-31"},
        {"year_month": MONTH, "time_from": "1999-01"},
    ):
        assert call(**period) == want, period


def test_reservations(other_sdk: Gcore, sdk: Gcore) -> None:
    reservations = other_sdk.cloud.billing_reservations.list(**PERIOD)
    (row,) = reservations.results
    assert reservations.count == 1
    assert (row.resource_count, row.unit_name, row.region_name) == (2, "H", "Luxembourg-2")
    assert (row.unit_size_month, row.unit_size_total) == ("744.00000000", "1488.00000000")
    assert (row.commit.price_per_unit, row.commit.price_per_month) == ("12.50000000", "9300.00000000")
    assert row.active_overcommit.price_per_unit == "19.90000000"
    assert sdk.cloud.billing_reservations.list(**PERIOD).count == 0


def test_neighbors(other_sdk: Gcore) -> None:
    projects = list(other_sdk.cloud.projects.list(limit=10))
    assert len({p.id for p in projects}) == len(projects) == 25
    assert {p.client_id for p in projects} == {fleet.OTHER_CLIENT}
    assert {r.display_name for r in other_sdk.cloud.regions.list(limit=1)} == {"Luxembourg-2", "Manassas"}
    assert other_sdk.iam.get_account_overview().id == fleet.OTHER_CLIENT


async def _monthly(url: str, key: str) -> int:
    async with AsyncGcore(base_url=url, api_key=key, _strict_response_validation=True) as client:
        return (await client.cloud.cost_reports.get_aggregated_monthly(year_month=MONTH)).count


def test_async_client(server, sdk: Gcore) -> None:
    import asyncio

    count = asyncio.run(_monthly(server.url, server.key(CLIENT, "administrator")))
    assert count == sdk.cloud.cost_reports.get_aggregated_monthly(year_month=MONTH).count
