// Exact JSON: amounts of money are decimals, which a JavaScript number may not hold.

const AMOUNTS = new Set(["amount", "total"]);

/** Parse a response of the control API; amounts become strings, exactly as they are written. */
export function readResponse(text) {
  return JSON.parse(text, (name, value, context) =>
    typeof value === "number" && AMOUNTS.has(name) ? (context?.source ?? String(value)) : value);
}

/** Parse the body of a journal entry, or return an empty object for one that is not JSON. */
export function readBody({ body }) {
  try {
    return readResponse(body) ?? {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Return what was typed as an exact JSON number; other text stays text, which the API refuses. */
export function asNumber(text) {
  if (!/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return text;
  return JSON.rawJSON ? JSON.rawJSON(text) : Number(text);
}

/**
 * Parse a body if it can be written again without changing its meaning: without duplicate names and
 * inexact numbers. Otherwise return undefined. Numbers are those of JSON.rawJSON.
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

/** Return a body with line breaks and indentation, unless that would change its meaning. */
export function pretty(text) {
  const value = readFaithfully(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}
