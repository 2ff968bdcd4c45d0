"""``python -m videodirector.cli``."""

import sys

from videodirector.cli import main

sys.exit(main())
