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
        "console without the control API",
        SERVER / "app.py",
        "    if control is not None:\n",
        "    control = control or Access()\n    if control is not None:\n",
        (CONNECTION,),
    ),
    Mutant(
        "token forgotten with the page",
        CONSOLE / "token.js",
        "      sessionStorage.setItem(PLACE, form.elements.token.value);\n",
        "      sessionStorage.setItem(PLACE, form.elements.token.value);\n"
        "      addEventListener('pagehide', () => sessionStorage.removeItem(PLACE));\n",
        (CONNECTION,),
    ),
    Mutant(
        "dialog that Escape closes for good",
        CONSOLE / "token.js",
        '    dialog.addEventListener("close", stay);\n',
        "",
        (CONNECTION,),
    ),
    Mutant(
        "stream not taken up again",
        CONSOLE / "events.js",
        "  for (;;) {\n    const leaving",
        "  for (let once = true; once; once = false) {\n    const leaving",
        (CONNECTION,),
    ),
    Mutant(
        "events that are not shown",
        CONSOLE / "main.js",
        'if (name === "journal") return journal.add(data);',
        'if (name === "journal") return null;',
        (JOURNAL,),
    ),
    Mutant(
        "violations not told",
        CONSOLE / "entry.js",
        "  if (violations.length) {\n",
        "  if (violations.length > 9) {\n",
        (JOURNAL,),
    ),
    Mutant(
        "all of the journal on the page",
        CONSOLE / "journal.js",
        "const MAX_SHOWN = 200;",
        "const MAX_SHOWN = 1000;",
        (JOURNAL,),
    ),
    Mutant(
        "journal that runs away from its reader",
        CONSOLE / "journal.js",
        'querySelectorAll("details[open]")',
        'querySelectorAll("details[closed]")',
        (JOURNAL,),
    ),
    Mutant(
        "pale text",
        CONSOLE / "console.css",
        "--muted: light-dark(#586174, #9ba5b5);",
        "--muted: light-dark(#8a93a3, #9ba5b5);",
        (PAGE,),
    ),
    Mutant(
        "focus that is not seen",
        CONSOLE / "console.css",
        ":focus-visible { outline: 2px solid",
        ":focus-visible { outline: 2px none",
        (PAGE,),
    ),
    Mutant(
        "wider than a phone",
        CONSOLE / "console.css",
        "code, dd, li, pre, .problem { overflow-wrap: anywhere; }",
        "",
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
        "held until the end of time",
        CONSOLE / "faults.js",
        'action === "release" ? call("POST", `${path}/release`) : call("DELETE", path)',
        'action === "release" ? null : call("DELETE", path)',
        (STEERING,),
    ),
    Mutant(
        "reset that does nothing",
        CONSOLE / "main.js",
        '  await call("POST", "/reset");\n',
        "",
        (STEERING,),
    ),
    Mutant(
        "opened entry out of sight",
        CONSOLE / "entry.js",
        '    if (line.open) line.scrollIntoView({ block: "nearest" });\n',
        "",
        (JOURNAL,),
    ),
    Mutant(
        "new requests miscounted",
        CONSOLE / "journal.js",
        "id > this.#lastSeen",
        "id >= this.#lastSeen",
        (JOURNAL,),
    ),
    Mutant(
        "problem without its detail",
        CONSOLE / "entry.js",
        "[message, detail, title]",
        "[message, title]",
        (JOURNAL,),
    ),
    Mutant(
        "broken answer that looks well",
        CONSOLE / "entry.js",
        'fault?.broken ? "failed"',
        'fault?.wrecked ? "failed"',
        (JOURNAL,),
    ),
    Mutant(
        "preset over what was chosen",
        CONSOLE / "faults.js",
        "    if (isRace === this.#isRace) return;\n",
        "",
        (STEERING,),
    ),
    Mutant(
        "error that nobody sees",
        CONSOLE / "journal.js",
        "    this.#unannounced = 0;\n",
        "    this.#unannounced = 0;\n    setTimeout(() => undefined.planted);\n",
        (JOURNAL,),
    ),
)
