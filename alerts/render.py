#!/usr/bin/env python3
"""Writes proctor.rules.yml as an object of the Prometheus operator, and as JSON, which the mixin imports. Without --write
it only refuses those that are out of date."""

import json
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
RULES = HERE / "proctor.rules.yml"
MADE = "Made by render.py from proctor.rules.yml."


def prometheus_rule(rules):
    head = ["---", f"# {MADE}", "apiVersion: monitoring.coreos.com/v1", "kind: PrometheusRule", "metadata:",
            "  name: proctor", "  labels:", "    app.kubernetes.io/name: proctor", "spec:"]
    return "\n".join(head + [f"  {line}" if line else "" for line in rules]) + "\n"


def main():
    text = RULES.read_text(encoding="utf-8")
    lines = text.splitlines()
    made = {"proctor.prometheusrule.yml": prometheus_rule(lines[lines.index("groups:"):]),
            "proctor.rules.json": json.dumps(yaml.safe_load(text), indent=1, ensure_ascii=False) + "\n"}
    outdated = [name for name, content in made.items()
                if not (HERE / name).exists() or (HERE / name).read_text(encoding="utf-8") != content]
    if "--write" in sys.argv:
        for name, content in made.items():
            (HERE / name).write_text(content, encoding="utf-8")
    elif outdated:
        print(f"out of date, run alerts/render.py --write: {', '.join(outdated)}")
        return 1
    return 0


sys.exit(main())
