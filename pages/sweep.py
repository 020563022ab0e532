"""What a new server runs at the address /sweep before it has read app.py: the frame, which then runs the page itself.

Without it a tab that was open while the server was started anew would be told that its page does not exist.
"""

from __future__ import annotations

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parent.parent / "app.py"))
