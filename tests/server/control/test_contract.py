"""The control API's contract: its limits are true, and fuzzing finds nothing."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.server.control.served import Served

from xclade_store_mock.contract import load_contract
from xclade_store_mock.control.faults import LIMITS, Break, Moment
from xclade_store_mock.control.journal import MAX_ENTRIES, MAX_SHOWN
from xclade_store_mock.control.outcomes import DECLINED, Result

ROOT = Path(__file__).parents[3]
CONSOLE = ROOT / "mock_server/xclade_store_mock/control/console"
DOCUMENT: Any = load_contract("control.yaml").document


def test_enumerations_are_those_of_the_code() -> None:
    """The contract's enumerations and defaults are those of the code."""
    schemas = DOCUMENT["components"]["schemas"]
    store = load_contract("store.yaml").operations

    assert [*Break] == schemas["FaultBreak"]["enum"]
    assert [*Moment] == schemas["FaultMoment"]["enum"]
    assert [*Result] == schemas["OutcomeResult"]["enum"]
    assert DECLINED == schemas["OutcomeMessage"]["default"]
    enumerated = schemas["PlanFaultRequest"]["properties"]["operation_id"]["enum"]
    assert store.keys() == {*enumerated}
    assert f"{MAX_SHOWN:,} characters" in schemas["Message"]["properties"]["body"]["description"]
    journal = DOCUMENT["paths"]["/journal"]["get"]["description"]
    assert f"{MAX_ENTRIES:,}" in " ".join(journal.split())


def test_limits_are_those_of_the_contract() -> None:
    """Limits that the code or the console repeats are the contract's."""
    schemas = DOCUMENT["components"]["schemas"]
    numbers = {
        "delay": schemas["Delay"],
        "retry_after": schemas["FaultAnswer"]["properties"]["retry_after"],
        "status": schemas["FaultAnswer"]["properties"]["status"],
        "times": schemas["PlanFaultRequest"]["properties"]["times"],
    }
    page = DOCUMENT["components"]["parameters"]["Limit"]["schema"]["maximum"]

    assert {name: (each["minimum"], each["maximum"]) for name, each in numbers.items()} == LIMITS
    for file, name, limit in (
        ("faults.js", "MAX_DELAY", numbers["delay"]["maximum"]),
        ("journal.js", "MAX_KEPT", MAX_ENTRIES),
        ("journal.js", "MAX_KEPT", page),
        ("store.js", "MAX_PAGE", page),
    ):
        (found,) = re.findall(
            rf"^const {name} = ([\d_]+);", (CONSOLE / file).read_text(), re.MULTILINE
        )
        assert limit == int(found)


def test_fuzzer_finds_nothing(mock: Served, tmp_path: Path) -> None:
    """Schemathesis runs all phases on all operations except the endless stream."""
    command: list[str | Path] = [
        Path(sys.executable).with_name("schemathesis"),
        *("--config-file", ROOT / "tests/contract/control.toml"),
        *("run", ROOT / "openapi/control.yaml", "--url", f"{mock.url}/_mock"),
        *("--seed", "20261122", "--no-color", "--report-dir", tmp_path),
    ]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == result.returncode, result.stdout[-5000:]
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert re.search(rf"✅ {phase}$", result.stdout, re.MULTILINE), result.stdout[-2000:]
    assert "Selected: 25/26" in result.stdout
