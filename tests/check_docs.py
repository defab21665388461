#!/usr/bin/env python3
"""docs/metrics.md is the catalogue of metrics as a table. Refuses one that is out of date; --write renews it."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "metrics.md"
SCOPES = {"target": "target", "agent": "", None: "target, pid"}


def rows():
    text = (ROOT / "agent/metrics/catalogue.cpp").read_text(encoding="utf-8")
    text = text[text.index("kCatalogue"):]
    for block in re.findall(r"\{\s*\.name = .*?\}(?=,?\s*\{|,?\s*\}\))", text, re.S):
        name = re.search(r'\.name = "(\w+)"', block).group(1)
        kind = re.search(r"MetricType::(\w+)", block).group(1).lower()
        help_text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', block[block.index(".help"):block.index(".help") + 400]
                                       .split(".merge")[0].split(".own_labels")[0].split(".scope")[0]))
        scope = re.search(r"MetricScope::(\w+)", block)
        own = re.search(r"\.own_labels = \{(.*?)\}", block, re.S)
        labels = [SCOPES[scope.group(1) if scope else None]] + (re.findall(r'"(\w+)"', own.group(1)) if own else [])
        yield f"| `{name}` | {kind} | {', '.join(label for label in labels if label)} | {help_text} |"


def page():
    return "\n".join(["# Metrics", "", "The catalogue, `agent/metrics/catalogue.cpp`, as a table. A target that is merged has no label "
                      "`pid`.", "", "| metric | type | labels | says |", "|---|---|---|---|", *rows(), ""])


def main():
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    if PAGE.read_text(encoding="utf-8") != page():
        print("docs/metrics.md is out of date: python3 tests/check_docs.py --write")
        return 1
    print(f"docs/metrics.md has all {page().count('| `')} metrics")
    return 0


sys.exit(main())
