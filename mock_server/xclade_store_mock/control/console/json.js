// JSON to the digit: amounts of money are decimals, which a JavaScript number may not hold.

const AMOUNTS = new Set(["amount", "total"]);

/** Read an answer of the control API; its amounts become strings, as they are written. */
export function readAnswer(text) {
  return JSON.parse(text, (name, value, context) =>
    typeof value === "number" && AMOUNTS.has(name) ? (context?.source ?? String(value)) : value);
}

/** Make a JSON number of what was typed, to the digit; other text stays text, for the API to judge. */
export function asNumber(text) {
  if (!/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return text;
  return JSON.rawJSON ? JSON.rawJSON(text) : Number(text);
}

/**
 * Read a body whose meaning survives being written anew: no name twice in an object, no number
 * that becomes another. Anything else is undefined. Its numbers are as JSON.rawJSON makes them.
 */
export function readFaithfully(text) {
  if (!JSON.rawJSON) return undefined;
  try {
    const value = JSON.parse(text, (_, each, context) =>
      typeof each === "number" ? JSON.rawJSON(context.source) : each);
    return JSON.stringify(value) === withoutBlanks(text) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function withoutBlanks(text) {
  return text.replace(/("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g, "$1");
}

/** Write a body so that it is easy to read, if that leaves its meaning as it is. */
export function pretty(text) {
  const value = readFaithfully(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}
