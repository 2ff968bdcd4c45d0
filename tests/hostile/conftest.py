"""These take minutes and are not all green yet: they run with VIDEODIRECTOR_HOSTILE=1 (``make hostile``)."""

import os

collect_ignore_glob = [] if os.environ.get("VIDEODIRECTOR_HOSTILE") else ["test_*.py"]
