"""`pointsman serve` by an ordinary user who owns the folder that HOME names."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.worlds.ordinary_user import become

    become(os.environ["HOME"])
    from pointsman.entrypoints.cli import main

    main()
