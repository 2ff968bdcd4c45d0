"""Settings for all tests."""

import os

# A mistyped local path would otherwise be looked for on the network, and waited for.
os.environ["HF_HUB_OFFLINE"] = "1"
