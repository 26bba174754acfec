"""Schemathesis finds nothing: every phase and every check, as schemathesis.toml sets them."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_server_keeps_the_contract(demo_url: str, tmp_path: Path) -> None:
    """All phases pass against the demo store, and no phase is left out."""
    command: list[str | Path] = [
        Path(sys.executable).with_name("schemathesis"),
        *("run", ROOT / "openapi/store.yaml", "--url", demo_url),
        *("--seed", "20261122", "--no-color", "--report-dir", tmp_path),
    ]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == result.returncode, result.stdout[-5000:]
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert re.search(rf"✅ {phase}$", result.stdout, re.MULTILINE), result.stdout[-2000:]
    assert "2 covered / 2 selected / 2 total" in result.stdout
