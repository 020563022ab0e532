"""`python -m core COMMAND`: everything the app does, without a browser."""

from __future__ import annotations

import sys

from core.cli.main import main

sys.exit(main())
