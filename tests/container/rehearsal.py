"""Run the Dockerfile without a container engine.

Each stage is a folder with an empty Python environment, in which the instructions of the stage
run. Absolute paths are relative to that folder.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")


@dataclass(slots=True)
class Image:
    """The state of a stage after the instructions run so far."""

    root: Path
    workdir: str = "/"
    user: str = "0:0"
    port: str = ""
    entrypoint: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def inside(self, path: str) -> Path:
        """Return where a path of the image is on this machine."""
        return self.root / str(Path(self.workdir) / path).lstrip("/")

    def environment(self) -> dict[str, str]:
        """Return the environment variables of a process in the image."""
        return {
            "PATH": f"{self.root}/python/bin:/usr/bin:/bin",
            "HOME": str(self.root),
            # Reuse what pip has downloaded for this checkout.
            "PIP_CACHE_DIR": str(Path.home() / ".cache/pip"),
        }

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start a command as the image's user, with the image's environment only."""
        number, _, group = self.user.partition(":")
        # Only root can switch users.
        is_root = os.geteuid() == 0
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=int(number) if is_root else None,
            group=int(group) if is_root else None,
            extra_groups=[] if is_root else None,
        )


def instructions(path: Path) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, each with its arguments."""
    text = re.sub(r"(?m)^#.*\n", "", path.read_text("utf-8")).replace("\\\n", "")
    parted = (line.partition(" ") for line in text.splitlines() if line.strip())
    return [(word, rest.strip()) for word, _, rest in parted]


def build(folder: Path, python: str) -> Image:
    """Build the image, and return its last stage."""
    stages: dict[str, Image] = {}
    image = Image(folder)
    for word, rest in instructions(ROOT / "Dockerfile"):
        match word:
            case "FROM":
                base, _, name = rest.partition(" AS ")
                assert base.startswith("python:")
                image = stages[name] = Image(folder / (name or "last"))
                options = ("--quiet", "--seed", "--python", python)
                subprocess.run([UV, "venv", *options, image.root / "python"], check=True)
            case "WORKDIR":
                image.workdir = rest
                image.inside(".").mkdir(parents=True)
            case "COPY":
                *sources, target = shlex.split(rest)
                _copy(sources, image.inside(target))
            case "RUN":
                _run(rest, image, stages)
            case "USER":
                image.user = rest
            case "ENTRYPOINT":
                image.entrypoint = json.loads(rest)
            case "HEALTHCHECK":
                image.healthcheck = json.loads(rest.partition("CMD ")[2])
            case "EXPOSE":
                image.port = rest
            case _:
                raise NotImplementedError(f"unsupported instruction: {word}")
    return image


def find_python(folder: Path) -> str | None:
    """Return a Python that the image's user can run, which root's own may not be."""
    program = "import sys; sys.exit(sys.version_info < (3, 11))"
    nobody = Image(folder, user="65534:65534")
    for candidate in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        with suppress(OSError), nobody.start([candidate, "-c", program]) as process:
            process.communicate()
            if process.returncode == 0:
                return candidate
    return None


def _copy(sources: list[str], target: Path) -> None:
    """Copy the files that git tracks and .dockerignore does not exclude."""
    let_through = set(re.findall(r"(?m)^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8")))
    assert set(sources) <= let_through
    command = ["git", "ls-files", "--", *sources]
    tracked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        (source,) = [each for each in sources if Path(name).is_relative_to(each)]
        below = Path(name).relative_to(source) if (ROOT / source).is_dir() else Path(name).name
        copy = target / below
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy, follow_symlinks=False)


def _run(text: str, image: Image, stages: dict[str, Image]) -> None:
    mount = re.match(r"--mount=type=bind,from=(\w+),source=(\S+),target=(\S+) ", text)
    if mount:
        text = text.removeprefix(mount.group())
        image.inside(mount[3]).symlink_to(stages[mount[1]].inside(mount[2]))
    inside = re.sub(r"(?<!\S)/\w+", lambda path: str(image.inside(path.group())), text)
    command = ["sh", "-ec", inside]
    subprocess.run(command, cwd=image.inside("."), env=image.environment(), check=True)
