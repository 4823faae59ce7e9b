"""The launcher and the lock: one environment a lock, whole or not used, and one line for what is missing.

Each test works in a small checkout of its own, whose lock names one wheel that the test makes: no network.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
COMMAND_LINE = 'import os, sys, toy\nprint(toy.VERSION, os.getcwd(), *sys.argv[1:], sep="|")\n'
PINNED = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def lock_text(name: str) -> str:
    """A lock file of the project."""
    return (ROOT / name).read_text()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_a_lock_names_no_registry_and_no_folder(name: str) -> None:
    text = lock_text(name)
    assert not re.search(r"://|--index|--find|--extra|--trusted|@ |#|/", text)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_package_of_a_lock_is_pinned_by_hash(name: str) -> None:
    entries = re.split(r"\n(?=\S)", lock_text(name).strip())
    assert [entry for entry in entries if not PINNED.match(entry) or "--hash=sha256:" not in entry] == []


def test_tests_run_the_versions_that_the_gateway_runs() -> None:
    run, test = (
        dict(PINNED.findall(lock_text(name))) for name in ("requirements.lock", "requirements-test.lock")
    )
    assert run.items() <= test.items()


def test_the_lock_holds_whatever_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    pinned = dict(PINNED.findall(lock_text("requirements-test.lock")))
    unmet = [
        wish
        for wish in map(Requirement, asked)
        if canonicalize_name(wish.name) not in pinned
        or not wish.specifier.contains(pinned[canonicalize_name(wish.name)])
    ]
    assert unmet == [], "run `ramu lock`"


class Checkout:
    """A folder with the real launcher, a command line of one line, and a lock of one wheel."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "gateway").mkdir(parents=True)
        (folder / "wheels").mkdir()
        (folder / "gateway" / "__init__.py").touch()
        (folder / "gateway" / "command_line.py").write_text(COMMAND_LINE)
        shutil.copy(ROOT / "ramu", folder / "ramu")
        self.lock("1.0")

    def lock(self, version: str, *, honest: bool = True) -> None:
        """Lock this version of the toy; a lock that is not honest has another file's hash."""
        name = f"toy-{version}-py3-none-any.whl"
        about = f"toy-{version}.dist-info"
        with zipfile.ZipFile(self.folder / "wheels" / name, "w") as wheel:
            wheel.writestr("toy.py", f"VERSION = {version!r}\n")
            wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: toy\nVersion: {version}\n")
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")
        content = (self.folder / "wheels" / name).read_bytes() if honest else b""
        text = f"toy=={version} --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
        for lock in ("requirements.lock", "requirements-test.lock"):
            (self.folder / lock).write_text(text)

    def start(
        self, *arguments: str, ramu: Path | None = None, cwd: Path | None = None
    ) -> "subprocess.Popen[str]":
        """Start the launcher, with wheels from the checkout's folder alone."""
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        surroundings |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder / "wheels")}
        surroundings |= {"PIP_CONFIG_FILE": os.devnull}
        return subprocess.Popen(
            [sys.executable, ramu or self.folder / "ramu", *arguments],
            cwd=cwd or self.folder,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, ramu: Path | None = None, cwd: Path | None = None) -> tuple[int, str, str]:
        """The exit code of the launcher, what it printed, and its last line on stderr."""
        process = self.start(*arguments, ramu=ramu, cwd=cwd)
        out, err = process.communicate(timeout=120)
        return process.returncode, out.strip(), (err.strip().splitlines() or [""])[-1]

    def environments(self) -> list[str]:
        """The names of the environments that are there, whole or not."""
        return sorted(path.name for path in (self.folder / ".venvs").iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose environment has been made once."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    assert checkout.run()[0] == 0
    return checkout


def test_the_command_runs_from_any_folder_through_a_link_with_its_arguments(
    made: Checkout, tmp_path: Path
) -> None:
    link = tmp_path / "ramu"
    link.symlink_to(made.folder / "ramu")
    (tmp_path / "gateway").mkdir()  # a namesake where it is called from is not ours
    assert made.run("decide", "a b", ramu=link, cwd=tmp_path) == (0, f"1.0|{tmp_path}|decide|a b", "")


def test_an_environment_that_is_there_costs_little(made: Checkout) -> None:
    def seconds(*command: str | Path) -> float:
        started = time.perf_counter()
        subprocess.run(command, cwd=made.folder, capture_output=True, check=True)
        return time.perf_counter() - started

    # By turns: a machine that is busy for a second is so for both.
    turns = [
        (seconds(sys.executable, "ramu"), seconds(".venv/bin/python", "-m", "gateway.command_line"))
        for _ in range(5)
    ]
    with_launcher, without = map(min, zip(*turns, strict=True))
    assert with_launcher - without < 0.1


def test_a_changed_lock_makes_a_new_environment_and_keeps_the_one_before(
    made: Checkout, tmp_path: Path
) -> None:
    checkout = Checkout(tmp_path / "checkout")
    shutil.copytree(made.folder, checkout.folder, symlinks=True, dirs_exist_ok=True)
    first = checkout.environments()
    assert checkout.run()[0] == 0
    assert checkout.environments() == first
    checkout.lock("2.0")
    code, out, _ = checkout.run()
    assert (code, out.partition("|")[0]) == (0, "2.0")
    assert (checkout.folder / ".venv").resolve().name not in first
    assert set(first) < set(checkout.environments())


def test_an_interrupted_install_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "checkout")
    process = checkout.start()
    while not list(checkout.folder.glob(".venvs/*/bin/python")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (checkout.folder / ".venv").exists()
    code, out, _ = checkout.run()
    assert (code, out.partition("|")[0]) == (0, "1.0")


def test_two_launchers_at_once_make_one_environment(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "checkout")
    both = [checkout.start(), checkout.start("test")]
    ends = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("making the environment in" in err for _, err in ends) == 1
    assert len(checkout.environments()) == 1


def test_a_file_that_is_not_the_locked_one_is_refused_in_one_line(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "checkout")
    checkout.lock("1.0", honest=False)
    code, out, last = checkout.run()
    assert (code, out) == (1, "")
    assert last.startswith("ramu: ERROR: THESE PACKAGES DO NOT MATCH THE HASHES")
    assert "Remedy: " in last
    assert not (checkout.folder / ".venv").exists()


PRETEND = "import runpy, sys; {}; sys.argv[1:] = []; runpy.run_path(sys.argv[0], run_name='__main__')"


@pytest.mark.parametrize(
    ("pretence", "said"),
    [
        pytest.param(
            "sys.version_info = (3, 9, 2)",
            "ramu: Python 3.11 or newer is needed, this is 3.9. Remedy: run it with a newer one, "
            "for example `python3.11 ./ramu`.",
            id="an old Python",
        ),
        pytest.param(
            "sys.modules['ensurepip'] = None; sys.executable = '/usr/bin/python3'",
            "ramu: Python's venv module is missing. Remedy: sudo apt-get install -y python3-venv",
            id="no venv module",
        ),
    ],
)
def test_what_is_missing_is_said_in_one_line_with_its_remedy(
    pretence: str, said: str, tmp_path: Path
) -> None:
    checkout = Checkout(tmp_path / "checkout")
    program = f"import sys; sys.argv[0] = 'ramu'; {PRETEND.format(pretence)}"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout.folder, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", said + "\n")


def test_a_network_that_fails_is_said_in_one_line(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "checkout")
    launcher = checkout.folder / "ramu"
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    surroundings |= {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "1",
        "PIP_CONFIG_FILE": os.devnull,
    }
    ended = subprocess.run([sys.executable, launcher], env=surroundings, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("ramu: the package index cannot be reached. Remedy: ")
