"""Faults in the console."""

from tests.mutants.mutant import SERVER, Mutant

CONSOLE = SERVER / "control/console"

PAGE = "tests/console/test_page.py"
HOSTILE = "tests/console/test_hostile.py"
JOURNAL = "tests/console/test_journal.py"
CONNECTION = "tests/console/test_connection.py"
COPYING = "tests/console/test_copying.py"
STEERING = "tests/console/test_controls.py"

MUTANTS = (
    Mutant(
        "texts as HTML",
        CONSOLE / "dom.js",
        "  element.append(...children.filter((child) => child !== null));\n",
        "  for (const child of children.filter((each) => each !== null))\n"
        "    if (typeof child === 'string') element.innerHTML += child;\n"
        "    else element.append(child);\n",
        (HOSTILE,),
    ),
    Mutant(
        "page without a policy",
        SERVER / "control/front.py",
        '"Content-Security-Policy"',
        '"Content-Security-Policy-Report-Only"',
        (PAGE,),
    ),
    Mutant(
        "stream not taken up again",
        CONSOLE / "events.js",
        "  for (;;) {\n    const leaving",
        "  for (let once = true; once; once = false) {\n    const leaving",
        (CONNECTION,),
    ),
    Mutant(
        "headings out of order",
        CONSOLE / "entry.js",
        'h("h3", {}, title',
        'h("h5", {}, title',
        (PAGE,),
    ),
    Mutant(
        "held requests out of sight",
        SERVER / "control/documents.py",
        "for each in fault.gate.held]",
        "for each in ()]",
        (JOURNAL,),
    ),
    Mutant(
        "quotes that do not hold",
        CONSOLE / "quoting.js",
        "return `'${text.replaceAll(\"'\", String.raw`'\\''`)}'`;",
        "return `'${text}'`;",
        (COPYING,),
    ),
)
