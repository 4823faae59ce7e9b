"""Where registers are kept between the runs of a benchmark."""

from __future__ import annotations

from pathlib import Path

from config.settings import CHECKOUT
from workers.servers.folders import reachable, unprivileged_user


def usual_folder() -> Path:
    """var/bench; for root, when the user that PostgreSQL runs as may not pass through `var`, a folder of /var/tmp."""
    folder = CHECKOUT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder if reachable(folder / "postgres", unprivileged_user()) else Path("/var/tmp/ramu-bench")
