#!/usr/bin/env python3
"""Writes proctor.rules.yml as an object of the Prometheus operator. Without --write it only refuses one that is out of
date."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
RULES = HERE / "proctor.rules.yml"
OBJECT = HERE / "proctor.prometheusrule.yml"
MADE = "Made by render.py from proctor.rules.yml."


def prometheus_rule(rules):
    head = ["---", f"# {MADE}", "apiVersion: monitoring.coreos.com/v1", "kind: PrometheusRule", "metadata:",
            "  name: proctor", "  labels:", "    app.kubernetes.io/name: proctor", "spec:"]
    return "\n".join(head + [f"  {line}" if line else "" for line in rules]) + "\n"


def main():
    text = RULES.read_text(encoding="utf-8").splitlines()
    content = prometheus_rule(text[text.index("groups:"):])
    if "--write" in sys.argv:
        OBJECT.write_text(content, encoding="utf-8")
    elif not OBJECT.exists() or OBJECT.read_text(encoding="utf-8") != content:
        print(f"{OBJECT.name} is out of date: run alerts/render.py --write")
        return 1
    return 0


sys.exit(main())
