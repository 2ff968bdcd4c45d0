"""Ask pip-audit whether an installed package has known vulnerabilities; without its database, say so and end well."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

UNREACHABLE = (
    "ConnectionError",
    "ServiceError",
    "Max retries",
    "Failed to resolve",
    "timed out",
    "ProxyError",
    "SSLError",
)


def main() -> int:
    """The exit code: 1 where there are known vulnerabilities, else 0."""
    if importlib.util.find_spec("pip_audit") is None:
        print("audit: not done, for pip-audit is not installed (pip install pip-audit)")
        return 0
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--skip-editable", "--timeout", "10"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    except subprocess.TimeoutExpired:
        print("audit: not done, for the database of vulnerabilities does not answer")
        return 0
    if done.returncode and any(word in done.stderr for word in UNREACHABLE):
        print(f"audit: not done, for the database cannot be reached: {done.stderr.strip().splitlines()[-1][:300]}")
        return 0
    print(done.stdout + done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
