"""`python -m dicomsh`."""

from __future__ import annotations

import sys

from dicomsh.cli import main

sys.exit(main())
