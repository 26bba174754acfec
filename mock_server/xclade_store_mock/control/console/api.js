// The control API: one way to call it, for answers and for the stream of events alike.

import { readAnswer } from "./json.js";
import { askForToken, controlToken } from "./token.js";

/** What the control API says no to, or why it says nothing; the message is for a person. */
export class ControlError extends Error {}

const SILENT = "The mock does not answer. Is it still running?";

/** Call an operation; answer its JSON, or null where it has none. Raises ControlError. */
export async function call(method, path, body) {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const content = body === undefined ? undefined : JSON.stringify(body);
  const response = await send(path, { method, headers, body: content });
  const text = await response.text().catch(() => {
    throw new ControlError(SILENT);
  });
  return text ? readAnswer(text) : null;
}

/** Send a request with the token, asking for it where it is needed. Raises ControlError. */
export async function send(path, { headers = {}, ...options } = {}) {
  for (;;) {
    const token = controlToken();
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    const request = { ...options, headers: { ...headers, ...authorization }, cache: "no-store" };
    const response = await fetch(`/_mock${path}`, request).catch((error) => {
      throw error.name === "AbortError" ? error : new ControlError(SILENT);
    });
    if (response.ok) return response;
    if (response.status !== 401) throw new ControlError(await message(response));
    await askForToken(token);
  }
}

async function message(response) {
  try {
    return (await response.json()).message;
  } catch {
    return `The mock answered ${response.status} ${response.statusText}.`;
  }
}

/** Make one segment of a path out of an id, whatever is in it. */
export const segment = encodeURIComponent;
