#!/usr/bin/env python3
"""The table of docs/verdicts.md as `simulate` prints it; fails where it is another, or an answer is wrong.
report.py SIMULATE [--write]"""

import pathlib
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "verdicts.md"
MARK = "<!-- from here on made by tests/simulate/report.py -->\n"

run = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=False)
if run.returncode != 0:
    sys.exit(f"{run.stdout}\nan answer is wrong")
head, _, table = PAGE.read_text(encoding="utf-8").partition(MARK)
if "--write" in sys.argv:
    PAGE.write_text(head + MARK + "\n" + run.stdout, encoding="utf-8")
elif table.strip() != run.stdout.strip():
    sys.exit("docs/verdicts.md tells other answers: run tests/simulate/report.py SIMULATE --write")
