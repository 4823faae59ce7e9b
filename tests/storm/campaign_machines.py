"""The processes of a campaign storm: one installation, and machines that send, each with what is its own."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from config.jobs import BULK, TRANSACTIONAL
from tests.storm import weather
from tests.storm.company import Copy, Process
from tests.storm.network import Network
from tests.storm.scene import DATA, Scene

SENDERS = 2
"""Processes that send campaigns, on each machine."""


def start_all(scene: Scene, environment: dict[str, str], hosts: int) -> None:
    """Web, tick and what people wait for once; on each machine the processes that send campaigns."""
    for name, arguments in {
        weather.WEB: ["web"],
        "worker": ["worker", "--lane", TRANSACTIONAL],
        weather.TICK: ["tick"],
    }.items():
        scene.run(Process(name, arguments, environment, scene.folder / f"{name}.log"))
    names = []
    for host, folder in enumerate(folders(scene, hosts), 1):
        folder.mkdir(mode=0o700, exist_ok=True)
        own = environment | {"RAMU_DATA_FOLDER": str(folder)}
        network = Network(f"network-{host}", scene.outside.port)
        network.start()
        scene.company.add(network)
        for place in range(1, SENDERS + 1):
            name = f"sender-{host}-{place}"
            sender = Copy(name, ["--lane", BULK], own, scene.folder / f"{name}.log")
            sender.network = network.namespace
            scene.run(sender)
            names.append(name)
    scene.workers = names


def folders(scene: Scene, hosts: int) -> list[Path]:
    """The data folder of each machine."""
    return [scene.data, *(scene.folder / f"{DATA}-{host}" for host in range(2, hosts + 1))]


def networks(scene: Scene) -> int:
    """In how many networks the senders live that run just now."""
    found = set()
    for name in scene.workers:
        with suppress(OSError):
            found.add(os.readlink(f"/proc/{scene.processes[name].pid}/ns/net"))
    return len(found)
