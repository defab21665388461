#!/usr/bin/env python3
"""Refuses a mixin that is not the rules and the dashboards, or that cannot be added to."""

import json
import pathlib
import shutil
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
# As whoever uses it does: with rules of their own beside ours.
USE = """
local mixin = (import 'alerts/mixin.libsonnet') + { prometheusAlerts+:: { groups+: [{ name: 'own', rules: [] }] } };
{ alerts: mixin.prometheusAlerts, dashboards: mixin.grafanaDashboards }
"""


def main():
    if not shutil.which("jsonnet"):
        print("Skipped: no jsonnet on this machine")
        return 0
    made = json.loads(subprocess.run(["jsonnet", "-J", str(ROOT), "-e", USE], cwd=ROOT, check=True, capture_output=True,
                                     text=True).stdout)
    rules = yaml.safe_load((ROOT / "alerts/proctor.rules.yml").read_text(encoding="utf-8"))
    dashboards = {f"proctor-{file.name}": json.loads(file.read_text(encoding="utf-8"))
                  for file in (ROOT / "dashboards").glob("*.json")}
    mistakes = []
    if made["alerts"]["groups"] != [*rules["groups"], {"name": "own", "rules": []}]:
        mistakes.append("alerts/mixin.libsonnet: not the rules of proctor.rules.yml, and one's own")
    if made["dashboards"] != dashboards:
        mistakes.append(f"alerts/mixin.libsonnet: {sorted(made['dashboards'])}, there are {sorted(dashboards)}")
    print("\n".join(mistakes) or f"{len(dashboards)} dashboards and {len(rules['groups'])} groups of rules")
    return 1 if mistakes else 0


sys.exit(main())
