"""What schemathesis cannot know from the document.

A document says which fields there are and what each may hold, but not how they
have to fit together: that a period may have 31 days, that a commitment names a
client of the catalog. `before_call` therefore makes requests that the document
allows into ones that make sense, and leaves alone those that are meant to be wrong.
"""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import json
import os

import fleet
import schemathesis

# What fleet.py has put into the catalog.
CLIENT, PROJECT, REGION = fleet.CLIENT, fleet.PROJECTS[0], fleet.REGION
FOREIGN_PROJECTS = {project["id"] for project in fleet.catalog()["projects"] if project["client_id"] != CLIENT}
CURRENCIES = {client["id"]: client["currency"] for client in fleet.catalog()["clients"]}

# A line that there is, of which a request may ask for an explanation.
LINE = {"type": "ai_cluster", "metric": "bm3-ai-1xlarge-h100-80-8_min", "region_id": 76, "dimension": "bm3-ai-1xlarge-h100-80-8"}

STATED = {type_ for type_, kind in fleet.KINDS.items() if kind.quantity}
SIZED = {type_ for type_, kind in fleet.KINDS.items() if kind.sized}
WITH_DIMENSION = {type_ for type_, kind in fleet.KINDS.items() if kind.dimension}

FEWEST_BYTES = 32  # that a text may have anywhere
MOST_DAYS = {"/cloud/v1/usage_report": 366}
DAY = dt.timedelta(days=1)


@schemathesis.serializer("application/x-ndjson", "application/ndjson")
def lines(ctx: schemathesis.SerializationContext, value: object) -> bytes:
    """A list is a record a line; anything else, which is wrong, is a line by itself."""
    records = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(record) for record in records).encode()


@schemathesis.deserializer("application/x-ndjson")
def values(ctx: schemathesis.DeserializationContext, response: schemathesis.Response) -> list:
    """The values of the lines."""
    return [json.loads(line) for line in response.content.decode().splitlines()]


@schemathesis.deserializer("text/csv")
def table(ctx: schemathesis.DeserializationContext, response: schemathesis.Response) -> str:
    """The text, if it is a table: every line as wide as its header."""
    text = response.content.decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert all(len(row) == len(header) for row in rows), "a line is not as wide as the header"
    return text


@schemathesis.hook
def before_call(ctx: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict) -> None:
    keep_own_key(case)
    if case.meta is None:
        return
    if not case.meta.generation.mode.is_positive:
        judge_again(case)
        return
    if isinstance(case.body, (dict, list)):
        case.body = sent_as(case.body)
    path, body = case.operation.path, case.body
    if path == "/cloud/v2/reservations":
        fit_reservations(case.query)
    elif path == "/cloud/v1/reservation_cost_report/totals" and isinstance(body, dict):
        fit_month(body)
    elif path.startswith("/cloud/") and isinstance(body, dict):
        fit_period(body, MOST_DAYS.get(path, 31))
    elif path == "/api/v1/keys" and isinstance(body, dict):
        fit_key(body)
    elif path == "/api/v1/usage" and isinstance(body, (dict, list)):
        for record in body if isinstance(body, list) else [body]:
            fit_event(record) if "specversion" in record else fit_record(record)
    elif path == "/api/v1/catalog" and isinstance(body, dict):
        fit_catalog(body)
        if any(body.values()):
            case.query.pop("prune", None)  # what an entry refers to may go
    elif path == "/api/v1/diff" and isinstance(body, dict):
        fit_diff(body)
    elif path == "/api/v1/explain":
        case.query |= LINE
        case.headers["X-Client-ID"] = str(CLIENT)
    if isinstance(case.query, dict):
        fit_query(case.query)


def judge_again(case: schemathesis.Case) -> None:
    """What was wrong may be so no longer: values seen in answers have taken its place, the
    key is sent after all, a list without items is not. Assigning a part of a request
    has it judged anew. Requests of the coverage phase are sent as they are."""
    if case.meta.phase.name == "coverage":
        return
    case.headers, case.query = case.headers, case.query
    if isinstance(case.body, (dict, list)):
        case.body = case.body


def sent_as(value: object) -> object:
    """1.0 is an integer to JSON Schema, but not to costd, as its document says in words.
    And costd counts the bytes of a text where JSON Schema counts characters."""
    if isinstance(value, dict):
        return {sent_as(key): sent_as(item) for key, item in value.items()}
    if isinstance(value, list):
        return [sent_as(item) for item in value]
    if isinstance(value, str) and len(value.encode()) > FEWEST_BYTES:
        return "".join(character if character.isascii() else "x" for character in value)
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value


def keep_own_key(case: schemathesis.Case) -> None:
    """The keys that the requests themselves are made with must not be deleted."""
    own = {os.environ[name].split("$")[0] for name in ("COSTD_OPERATOR_KEY", "COSTD_ADMINISTRATOR_KEY")}
    if case.method.upper() == "DELETE" and (case.path_parameters or {}).get("id") in own:
        case.path_parameters["id"] = "nobody"


# Periods.


def moment(text: str) -> dt.datetime | None:
    """The time as the server reads it, None for a day like February 30."""
    try:
        time = dt.datetime.fromisoformat((text if len(text) > 7 else text + "-01").upper())
        return time.replace(tzinfo=time.tzinfo or dt.timezone.utc).astimezone(dt.timezone.utc)
    except (ValueError, OverflowError):
        return None


def fit_reservations(query: dict) -> None:
    """time_from and time_to come only together."""
    if "time_from" in query or "time_to" in query:
        query.setdefault("time_from", query.get("time_to"))
        query.setdefault("time_to", query["time_from"])
        fit_period(query, 31)


def fit_month(body: dict) -> None:
    for field in ("time_from", "time_to"):
        if field in body and moment(body[field]) is None:
            body[field] = "2026-10-31"
    if "time_from" in body and "time_to" in body:
        body["time_to"] = body["time_from"]


def fit_period(fields: dict, days: int) -> None:
    """Let the period have as many days as are allowed at most, and not end before it begins."""
    start, end = moment(fields["time_from"]), moment(fields["time_to"])
    if start is None or not dt.datetime(2, 1, 1) < start.replace(tzinfo=None) < dt.datetime(9990, 1, 1):
        fields["time_from"], start = "2026-10-01", moment("2026-10-01")
    last = days - (1 if fields.get("enable_last_day") else 0)
    if end is None or not start.date() <= end.date() <= start.date() + last * DAY:
        fields["time_to"] = (start.date() + start.toordinal() % last * DAY).isoformat()


# Keys.


def fit_query(query: dict) -> None:
    """A cursor is one of an answer before, and a version is of the number or of the time."""
    query.pop("cursor", None)
    for name in ("since", "as_of"):
        if isinstance(query.get(name), str) and not query[name].isdecimal() and moment(query[name]) is None:
            query[name] = "2026-10-01"
    if "as_of" in query:
        query.pop("version", None)


def fit_key(body: dict) -> None:
    if isinstance(body.get("name"), str):
        body["name"] = "".join(character for character in body["name"] if character.isprintable())
    if "client_id" in body:
        body["client_id"] = CLIENT
    if "projects" in body:
        body["projects"] = [PROJECT]
    if isinstance(body.get("expires"), str) and moment(body["expires"]):
        body["expires"] = "2199-01-01T00:00:00Z"  # one that is past is refused


# Usage.


def fit_event(event: dict) -> None:
    if "data" in event:
        fit_record(event["data"])
    else:
        record = json.dumps({"client_id": CLIENT, "start": "2026-10-05T10:00:00Z", "deleted": True})
        event["data_base64"] = base64.b64encode(record.encode()).decode()


def fit_record(record: dict) -> None:
    for name in ("quantity", "size", "count"):
        if name in record:
            record[name] = fit_number(record[name], decimals=9)
    start = moment(record["start"])
    if start is None or not 1970 <= start.year < 2261:
        record["start"], start = "2026-10-05T10:00:00Z", moment("2026-10-05T10:00:00Z")
    if record.get("deleted"):
        if not record.get("id"):
            record |= {"resource_id": "r", "metric": "m"}
        return
    defaults = {"project_id": PROJECT, "region_id": REGION, "type": "instance", "resource_id": "r", "metric": "m"}
    record |= {name: value for name, value in defaults.items() if name not in record}
    end = moment(record.get("end") or "")
    if end is None or not start < end <= start + 31 * DAY:
        record["end"] = (start + dt.timedelta(minutes=1 + start.toordinal() % 44000)).isoformat()
    fit_amounts(record)


def fit_amounts(record: dict) -> None:
    """A quantity is given, or follows from time, and from a size for some types."""
    if record.get("quantity") is not None:
        record.pop("count", None)
    elif record["type"] in STATED:
        record["quantity"] = "1.5"
        record.pop("count", None)
    elif record["type"] in SIZED:
        record["size"] = 10


def fit_number(value: object, decimals: int) -> object:
    """A number of at most 20 digits before the point, and so many after it."""
    if isinstance(value, float):
        return round(min(value, 1e15), min(decimals, 6))
    return min(value, 10**20 - 1) if isinstance(value, int) else value


# The catalog.


def fit_diff(body: dict) -> None:
    """A change is a file of the catalog."""
    change = body["to"].get("change") if isinstance(body.get("to"), dict) else None
    if isinstance(change, dict):
        fit_catalog(change)


def fit_catalog(body: dict) -> None:
    """Let entries have different keys, and refer to what there is and stays."""
    if body.get("remove"):
        body["remove"] = {"commitments": ["none"]}
    for name, fit in (
        ("clients", fit_client), ("regions", lambda _: None), ("projects", fit_project),
        ("prices", fit_price), ("commitments", fit_commitment),
    ):  # fmt: skip
        entries = {}
        for entry in body.get(name) or []:
            fit(entry)
            entries[str(entry["id"]) if "id" in entry else price_key(entry)] = entry
        if entries:
            body[name] = list(entries.values())


def fit_client(client: dict) -> None:
    client["currency"] = CURRENCIES.get(int(client["id"]), client["currency"])


def fit_project(project: dict) -> None:
    project["client_id"] = CLIENT
    if int(project["id"]) in FOREIGN_PROJECTS:
        project["id"] = PROJECT


def fit_price(price: dict) -> None:
    if price.get("client_id"):
        price |= {"client_id": CLIENT, "currency": "EUR"}
    if price.get("region_id"):
        price["region_id"] = REGION
    fit_feature(price)
    fit_numbers(price)


def fit_feature(entry: dict) -> None:
    """Not every type has the dimension that a feature may name."""
    if isinstance(entry.get("feature"), str):
        entry["feature"] = entry["feature"].replace("{dimension}", "")


def price_key(price: dict) -> str:
    names = ("type", "metric", "region_id", "client_id", "currency", "effective_from")
    return json.dumps([str(price.get(name) or None) for name in names])


def fit_commitment(commitment: dict) -> None:
    commitment |= {"client_id": CLIENT, "region_id": REGION}
    commitment["dimension"] = "large" if commitment["type"] in WITH_DIMENSION else None
    if commitment.get("active_to") and commitment["active_to"] <= commitment["active_from"]:
        commitment["active_to"] = None
    fit_feature(commitment)
    fit_numbers(commitment)


def fit_numbers(entry: dict) -> None:
    for name in ("unit_size", "unit_size_month"):
        if isinstance(entry.get(name), (int, float)):
            entry[name] = max(fit_number(entry[name], decimals=18), 0.5)
    for name in ("unit_price", "price_per_month", "overcommit_unit_price"):
        if name in entry:
            entry[name] = fit_number(entry[name], decimals=18)
    # What all of it costs has to fit into 38 digits, or every report is a 422.
    for name in ("unit_size", "unit_size_month", "unit_price", "price_per_month", "overcommit_unit_price"):
        if entry.get(name) is not None and float(entry[name]) > 1e8:
            entry[name] = "100000000"


# A request with wrong records is no wrong request: the records are rejected one by
# one. That, and no more, has to happen.


@schemathesis.check
def wrong_records_are_rejected(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    if case.operation.label != "POST /api/v1/usage" or response.status_code != 200 or case.meta is None:
        return
    rejected = response.json()["rejected"]
    if case.meta.generation.mode.is_positive:
        assert rejected == [], f"records that the document allows are rejected: {rejected}"
    else:
        assert rejected != [], "records that the document does not allow are taken"
