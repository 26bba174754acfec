// Server-sent events over fetch which, unlike EventSource, can send a token.

import { ControlError, send } from "./api.js";

const PAUSE = 1000; // milliseconds before the next attempt
const SILENCE = 40_000; // milliseconds; the mock sends something every 15 seconds

/**
 * Follow the events for ever. After each connection `onOpen` reads what may have been missed; only
 * then are events passed to `onEvent`. `onState` receives "live", or what is wrong.
 */
export async function follow({ onOpen, onEvent, onState }) {
  for (;;) {
    const leaving = new AbortController();
    try {
      const response = await send("/events", { signal: leaving.signal });
      await onOpen();
      onState("live", "Live");
      for await (const event of readEvents(response.body, leaving)) await onEvent(event);
      onState("waiting", "Reconnecting");
    } catch (error) {
      // A broken stream throws a TypeError, a silent one an AbortError.
      const expected = error instanceof ControlError || error instanceof TypeError;
      if (!expected && error.name !== "AbortError") throw error;
      onState("waiting", error instanceof ControlError ? error.message : "Reconnecting");
    }
    leaving.abort();
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

async function* readEvents(stream, leaving) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const silence = setTimeout(() => leaving.abort(), SILENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const event = readEvent(block);
      if (event) yield event;
    }
  }
}

/** Parse one event; null for a comment. */
export function readEvent(block) {
  const fields = { data: "" };
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
    fields[name] = name === "data" ? fields.data + value : value;
  }
  return fields.data ? { name: fields.event, data: JSON.parse(fields.data) } : null;
}
