"""Run a soak of mixed traffic against the mock server, and then attacks."""

import argparse
import os
import sys

from tests.bench.tools import NotInstalled, install_wrk, take_second_core
from tests.databases import MEMORY, POSTGRESQL, SQLITE
from tests.soak import siege
from tests.soak.soak import soak
from tests.soak.target import target


def main() -> int:
    """Run the soak and the attacks, print the results, and return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, metavar="M", help="how long to soak")
    parser.add_argument("--storage", choices=(MEMORY, SQLITE, POSTGRESQL), default=MEMORY)
    parser.add_argument("--dialect", choices=("documented", "medusa"), default="documented")
    options = parser.parse_args()
    take_second_core()
    try:
        install_wrk()
    except NotInstalled as reason:
        parser.error(str(reason))
    with target(options.storage, options.dialect) as soaked:
        outcome = soak(soaked, round(options.minutes * 60))
    print(outcome.report(), end="\n\n", flush=True)
    with target(options.storage, options.dialect) as besieged:
        attacks = list(siege.besiege(besieged))
        problems = besieged.problems()
    print(siege.report(attacks), end="\n\n")
    missed = [*outcome.missed(), *(f"on stderr: {problem}" for problem in problems[:10])]
    missed += [f"{each.name}: {what}" for each in attacks for what in each.missed]
    print(f"Load of the machine: {os.getloadavg()[2]:.1f}")
    print(*missed or ["Nothing was missed."], sep="\n")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
