"""What DCMTK's findscu makes of the same peers: `python -m tests.peers`.

A line for each case: how many rows there are, how many findscu shows, and what it says of them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.peers.peer import playing
from tests.peers.script import read_case

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
QUERY = "-S -to 5 -td 5 -ta 5 -aec ODD -k 0008,0052=STUDY -k 0020,000D".split()


def main() -> None:
    """Play each case for findscu."""
    for path in CASES:
        case = read_case(path)
        rows = sum(line.name == "row" for line in case.answer)
        with playing(case) as played:
            done = subprocess.run(
                ["findscu", *QUERY, "127.0.0.1", str(played.port)],
                capture_output=True,
                timeout=60,
                check=False,
            )
        said = (done.stdout + done.stderr).decode("latin-1")
        shown = len(re.findall(r"^I: Find Response: \d+", said, re.M))
        problems = re.findall(r"^[WEF]: (.+)", said, re.M)
        sys.stdout.write(
            f"{path.stem:<38} {shown} of {rows}, status {done.returncode}"
            f"{'; ' if problems else ''}{'; '.join(dict.fromkeys(problems[:3]))[:150]}\n"
        )


if __name__ == "__main__":
    main()
