"""`python -m core COMMAND`: everything the app does, without a browser."""

import sys

from core.cli.main import main

sys.exit(main())
