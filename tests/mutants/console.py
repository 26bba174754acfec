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
        CONSOLE / "__init__.py",
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
        "pale text",
        CONSOLE / "console.css",
        "--muted: light-dark(#586174, #9ba5b5);",
        "--muted: light-dark(#8a93a3, #9ba5b5);",
        (PAGE,),
    ),
    Mutant(
        "typing that is lost",
        CONSOLE / "dom.js",
        "if (known?.version === version) {",
        "if (known === null) {",
        (PAGE,),
    ),
    Mutant(
        "money in two decimals",
        CONSOLE / "money.js",
        "Math.min(Math.max(usual, fractionDigits(decimal)), 100)",
        "2",
        (PAGE,),
    ),
    Mutant(
        "quotes that do not hold",
        CONSOLE / "quoting.js",
        "return `'${text.replaceAll(\"'\", String.raw`'\\''`)}'`;",
        "return `'${text}'`;",
        (COPYING,),
    ),
    Mutant(
        "reset that does nothing",
        CONSOLE / "main.js",
        '  await call("POST", "/reset");\n',
        "",
        (STEERING,),
    ),
)
