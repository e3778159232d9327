"""A small fleet with one resource or two of each type, and what it must cost.

The sums are worked out here with Python's fractions, from the rules alone, so
that the figures of the server are compared with an independent computation.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from fractions import Fraction

MONTH = "2026-10"
TIME_FROM, TIME_TO = "2026-10-01", "2026-11-01"
CLIENT, OTHER_CLIENT = 1001, 2002
PROJECTS = [501, 502]
REGION = 76

GB_MINUTES_A_GB_MONTH = 43200


@dataclass
class Kind:
    """One type: its unit, how it is metered, and the fields its filters may use."""

    unit: str
    unit_size: int
    filters: tuple[str, ...]
    dimension: str | None = None
    attributes: dict = field(default_factory=dict)
    sized: bool = False
    tagged: bool = False
    quantity: str | None = None


_NAMED = ("last_name", "type", "uuid")
_FLAVOR = ("flavor", *_NAMED)
_SIZED = ("last_size", *_NAMED)


def _flavored(**more) -> Kind:
    return Kind("minutes", 60, _FLAVOR, dimension="flavor", **more)


def _gbminutes(filters, **more) -> Kind:
    return Kind("gbminutes", GB_MINUTES_A_GB_MONTH, filters, sized=True, **more)


KINDS: dict[str, Kind] = {
    "ai_cluster": _flavored(tagged=True),
    "ai_virtual_cluster": _flavored(tagged=True),
    "backup": _gbminutes(
        ("schedule_id", "source_volume_uuid", *_SIZED),
        attributes={"source_volume_uuid": "vol-1", "schedule_id": "sched-1"},
    ),
    "baremetal": _flavored(tagged=True),
    "basic_vm": _flavored(tagged=True),
    "containers": Kind("GBS", 1, _NAMED, quantity="12.5"),
    "dbaas_postgresql_connection_pooler": Kind("minutes", 60, _NAMED),
    "dbaas_postgresql_cpu": Kind("minutes", 60, _NAMED),
    "dbaas_postgresql_memory": _gbminutes(_NAMED),
    "dbaas_postgresql_public_network": Kind("minutes", 60, _NAMED),
    "dbaas_postgresql_volume": _gbminutes(
        ("volume_type", *_NAMED), dimension="volume_type", attributes={"size_unit": "GiB"}
    ),
    "egress_traffic": Kind(
        "bytes",
        1_000_000_000,
        ("instance_name", "instance_type", "port_id", "type", "vm_id"),
        dimension="instance_type",
        attributes={"vm_id": "vm-1", "instance_name": "web", "port_id": "port-1", "size_unit": "bytes"},
        tagged=True,
        quantity="123456789012",
    ),
    "external_ip": Kind(
        "minutes",
        60,
        ("attached_to_vm", "ip_address", "network_id", "port_id", "subnet_id", "type"),
        attributes={
            "attached_to_vm": "vm-1",
            "ip_address": "203.0.113.9",
            "network_id": "net-1",
            "port_id": "port-1",
            "subnet_id": "subnet-1",
        },
    ),
    "file_share": _gbminutes(
        ("file_share_type", *_SIZED), dimension="file_share_type", attributes={"size_unit": "GiB"}, tagged=True
    ),
    "floatingip": Kind("minutes", 60, ("ip_address", *_NAMED), attributes={"ip_address": "203.0.113.10"}, tagged=True),
    "functions": Kind("GBS", 1, _NAMED, quantity="3.000000001"),
    "functions_calls": Kind("MLS", 1, _NAMED, quantity="0.000001"),
    "functions_traffic": Kind("GB", 1, _NAMED, quantity="7"),
    "image": _gbminutes(_SIZED, attributes={"size_unit": "bytes"}, tagged=True, quantity="600.5"),
    "inference": Kind("H", 1, _FLAVOR, quantity="1.5", attributes={}),
    "instance": _flavored(tagged=True),
    "load_balancer": _flavored(tagged=True),
    "log_index": _gbminutes(_SIZED, attributes={"size_unit": "GiB"}),
    "snapshot": _gbminutes(
        ("source_volume_uuid", "volume_type", *_SIZED),
        dimension="volume_type",
        attributes={"source_volume_uuid": "vol-1", "size_unit": "GiB"},
        tagged=True,
    ),
    "volume": _gbminutes(
        ("attached_to_vm", "volume_type", *_SIZED),
        dimension="volume_type",
        attributes={"attached_to_vm": "vm-1", "size_unit": "GiB"},
        tagged=True,
    ),
}

DIMENSION_VALUES = {
    "flavor": ("g1-standard-1-2", "g1-standard-2-4"),
    "volume_type": ("standard", "ssd_hiiops"),
    "file_share_type": ("standard", "vast"),
    "instance_type": ("vm", "baremetal"),
}

# Two resources a type: the first runs 1,000 minutes, the second 10 seconds.
STARTS = ("2026-10-05T10:00:00Z", "2026-10-06T23:59:55Z")
ENDS = ("2026-10-06T02:40:00Z", "2026-10-07T00:00:05Z")
MINUTES = (Fraction(1000), Fraction(1, 6))
SIZES = (10, 20)
TAGS = ({"env": "Production", "team": "ai"}, {"env": "staging"})
PRICE = Fraction("19.90")


def metric(type_: str) -> str:
    return f"{type_}_metric"


def usage() -> list[dict]:
    """The usage records, as the server takes them."""
    return [_record(type_, kind, i) for type_, kind in KINDS.items() for i in (0, 1)]


def _record(type_: str, kind: Kind, i: int) -> dict:
    record: dict = {
        "id": f"{type_}-{i}",
        "client_id": CLIENT,
        "project_id": PROJECTS[i],
        "region_id": REGION,
        "type": type_,
        "resource_id": resource_id(type_, i),
        "metric": metric(type_),
        "start": STARTS[i],
        "end": ENDS[i],
        "name": f"{type_} {i}",
        "attributes": dict(kind.attributes),
        "tags": TAGS[i],
    }
    dimension = kind.dimension or ("flavor" if type_ == "inference" else None)
    if dimension == "flavor":
        record["flavor"] = DIMENSION_VALUES["flavor"][i]
    elif dimension:
        record["attributes"][dimension] = DIMENSION_VALUES[dimension][i]
    if kind.sized:
        record["size"] = SIZES[i]
    if kind.quantity:
        record["quantity"] = kind.quantity
    return record


def resource_id(type_: str, i: int) -> str:
    return f"{type_}-uuid-{i}"


def quantity(type_: str, i: int) -> Fraction:
    """What resource i of the type used in the month, in the type's unit."""
    kind = KINDS[type_]
    if kind.quantity:
        return Fraction(kind.quantity)
    return MINUTES[i] * (SIZES[i] if kind.sized else 1)


def cost(type_: str, i: int) -> Fraction:
    return quantity(type_, i) / KINDS[type_].unit_size * PRICE


def catalog() -> dict:
    """The catalog: every metric at 19.90, and the worked month's commitment."""
    prices = [
        {
            "type": type_,
            "metric": metric(type_),
            "currency": "EUR",
            "feature": f"{type_} in {{region}}",
            "unit": "H" if kind.unit == "minutes" else kind.unit,
            "unit_size": str(kind.unit_size),
            "unit_price": "19.90",
            "effective_from": "2026-01-01",
        }
        for type_, kind in KINDS.items()
    ]
    seed = "bm3-ai-1xlarge-h100-80-8"
    prices.append(
        {
            "type": "ai_cluster",
            "metric": f"{seed}_min",
            "currency": "EUR",
            "feature": f"AI Infrastructure: {seed} {{region}}",
            "unit": "H",
            "unit_size": "60",
            "unit_price": "19.90",
            "effective_from": "2026-01-01",
        }
    )
    return {
        "clients": [
            {"id": CLIENT, "name": "Acme", "currency": "EUR", "show_prices": True},
            {"id": OTHER_CLIENT, "name": "Other", "currency": "EUR", "show_prices": True},
        ],
        "regions": [{"id": REGION, "name": "Luxembourg-2"}, {"id": 8, "name": "Manassas"}],
        "projects": [{"id": p, "client_id": CLIENT, "name": f"project {p}"} for p in PROJECTS]
        + [{"id": 600 + n, "client_id": OTHER_CLIENT, "name": f"other {n:02}"} for n in range(25)],
        "prices": prices,
        "commitments": [
            {
                "id": "other-h100",
                "client_id": OTHER_CLIENT,
                "type": "ai_cluster",
                "metric": f"{seed}_min",
                "region_id": REGION,
                "dimension": seed,
                "count": 2,
                "unit_size_month": "744",
                "unit_price": "12.50",
                "overcommit_unit_price": "19.90",
                "active_from": "2026-01-01",
                "active_to": "2027-01-01",
            }
        ],
    }


def worked_month() -> list[dict]:
    """The worked month of docs/semantics.md, for the other client."""
    seed = "bm3-ai-1xlarge-h100-80-8"

    def server(name: str, start: str, end: str) -> dict:
        return {
            "client_id": OTHER_CLIENT,
            "project_id": 600,
            "region_id": REGION,
            "type": "ai_cluster",
            "resource_id": name,
            "metric": f"{seed}_min",
            "flavor": seed,
            "name": f"server {name}",
            "start": start,
            "end": end,
        }

    october = ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    return [
        server("A", *october),
        server("B", *october),
        server("C", "2026-10-21T06:30:00Z", october[1]),
        server("A", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
    ]


def current_month_usage() -> dict:
    """One record that ended within this month, so that a call without arguments finds it."""
    now = dt.datetime.now(dt.timezone.utc)
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    record = _record("instance", KINDS["instance"], 0)
    record |= {"id": "now", "start": start.isoformat(), "end": (start + dt.timedelta(seconds=1)).isoformat()}
    return record
