// Quotes values for a shell, Python and JavaScript.

// Characters that a terminal or an editor interprets or hides instead of showing them.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const UNSEEN_IN_SHELL = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Quote a text for a shell; invisible characters in the syntax of bash, zsh and ksh. */
export function inShell(text) {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!UNSEEN_IN_SHELL.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const bytes = (part) => [...new TextEncoder().encode(part)].map((byte) => `\\x${hex(byte, 2)}`);
  return `$'${text.replace(/[\\']/g, "\\$&").replace(/!/g, "\\x21")
    .replace(UNSEEN, (part) => bytes(part).join(""))}'`;
}

/** Quote a text for Python. */
export function inPython(text) {
  return JSON.stringify(text).replace(UNSEEN, (part) => {
    const code = part.codePointAt(0);
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  });
}

/** Return a parsed JSON value as Python. */
export function valueInPython(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return inPython(value);
  if (JSON.isRawJSON(value)) return value.rawJSON;
  if (Array.isArray(value)) return `[${value.map(valueInPython).join(", ")}]`;
  const members = Object.entries(value).map(([name, each]) => `${inPython(name)}: ${valueInPython(each)}`);
  return `{${members.join(", ")}}`;
}

/** Quote a text for JavaScript. */
export function inJavaScript(text) {
  return jsonInJavaScript(JSON.stringify(text));
}

/** Return JSON as a JavaScript expression with the same line breaks. */
export function jsonInJavaScript(json) {
  const units = (part) => part.split("").map((unit) => `\\u${hex(unit.charCodeAt(0), 4)}`);
  return json.replace(UNSEEN, (part) => (part === "\n" ? part : units(part).join("")));
}

function hex(number, digits) {
  return number.toString(16).padStart(digits, "0");
}
