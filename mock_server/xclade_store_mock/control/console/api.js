// Calls the control API, for JSON and for the stream of events.

import { readResponse } from "./json.js";
import { askForToken, controlToken } from "./token.js";

/** The control API has refused a call, or does not respond; the message is for people. */
export class ControlError extends Error {
  constructor(message, status = null) {
    super(message);
    this.status = status;
  }
}

const SILENT = "The mock does not respond. Is it still running?";

/** Call an operation and return its JSON, or null if it has none. Throws ControlError. */
export async function call(method, path, body) {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const content = body === undefined ? undefined : JSON.stringify(body);
  const response = await send(path, { method, headers, body: content });
  const text = await response.text().catch(() => {
    throw new ControlError(SILENT);
  });
  return text ? readResponse(text) : null;
}

/** Send a request with the token, asking for it if necessary. Throws ControlError. */
export async function send(path, { headers = {}, ...options } = {}) {
  for (;;) {
    const token = controlToken();
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    const request = { ...options, headers: { ...headers, ...authorization }, cache: "no-store" };
    const response = await fetch(`_mock${path}`, request).catch((error) => {
      throw error.name === "AbortError" ? error : new ControlError(SILENT);
    });
    if (response.ok) return response;
    if (response.status !== 401) throw new ControlError(await message(response), response.status);
    await askForToken(token);
  }
}

/** Send a request to the Store API, as a storefront would. Throws ControlError. */
export async function callStore({ method, path, headers, body }) {
  const url = path.split("/").map(segment).join("/");
  const response = await fetch(url, { method, headers, body, cache: "no-store" }).catch(() => {
    throw new ControlError(SILENT);
  });
  if (!response.ok) throw new ControlError(await message(response), response.status);
}

async function message(response) {
  try {
    return (await response.json()).message;
  } catch {
    return `The mock returned ${response.status} ${response.statusText}.`;
  }
}

/** Encode an id as one segment of a path. */
export const segment = encodeURIComponent;
