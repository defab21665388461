#!/usr/bin/env python3
"""Refuses rules and dashboards that cannot be right: a metric that the catalogue does not have, a rate of a gauge, a
slope of a counter, a runbook section that does not exist."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CATALOGUE = (ROOT / "agent/metrics/catalogue.cpp").read_text(encoding="utf-8")
METRIC = r"\b(?:proctor|process)_[a-z_]+\b"


def catalogue():
    types = {}
    for name, kind in re.findall(r'\.name = "([a-z_]+)",\s*\.type = MetricType::(\w+)', CATALOGUE):
        types[name] = kind
        if kind == "Histogram":
            types.update({name + suffix: "Counter" for suffix in ("_bucket", "_sum", "_count")})
    return types


def mistakes_in(where, query, types):
    plain = re.sub(r'"[^"]*"', '""', query)
    for metric in re.findall(METRIC, re.sub(r"\{[^}]*\}", "", plain)):
        if metric not in types:
            yield f"{where}: no metric {metric}"
    for function, metric in re.findall(rf"\b(rate|irate|increase|deriv|delta|predict_linear)\(\s*({METRIC})", plain):
        counter = types.get(metric) == "Counter"
        if function in ("rate", "irate", "increase") and not counter:
            yield f"{where}: {function} of {metric}, which is no counter"
        if function in ("deriv", "delta", "predict_linear") and counter:
            yield f"{where}: {function} of {metric}, which is a counter"


def rules():
    text = (ROOT / "alerts/proctor.rules.yml").read_text(encoding="utf-8")
    for block in text.split("- alert: ")[1:]:
        name = block.split()[0]
        expression = re.search(r"expr: \|\n(.*?)\n        for:", block, re.S).group(1)
        anchor = re.search(r"runbook_url: \S+#(\S+)", block).group(1)
        yield name, expression, anchor


def queries(panel):
    for target in panel.get("targets", []):
        yield target["expr"]
    for inner in panel.get("panels", []):
        yield from queries(inner)


def main():
    types = catalogue()
    runbooks = (ROOT / "alerts/runbooks.md").read_text(encoding="utf-8")
    sections = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", runbooks, re.M)}
    mistakes = []
    used = set()
    for name, expression, anchor in rules():
        mistakes += mistakes_in(name, expression, types)
        used.add(anchor)
        if anchor not in sections:
            mistakes.append(f"{name}: runbooks.md has no section {anchor}")
    mistakes += [f"runbooks.md: no alert leads to {section}" for section in sorted(sections - used)]
    for dashboard in sorted((ROOT / "dashboards").glob("*.json")):
        for panel in json.loads(dashboard.read_text(encoding="utf-8"))["panels"]:
            for query in queries(panel):
                mistakes += mistakes_in(f"{dashboard.name}: {panel['title']}", query, types)
    print("\n".join(mistakes) or f"{len(types)} metrics, all used rightly")
    return 1 if mistakes else 0


sys.exit(main())
