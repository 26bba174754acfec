// A request as a command to paste: curl, Python with our client, JavaScript with fetch.
//
// The journal has no tokens, nor keys that are not publishable: commands read them from the environment.

import { readFaithfully } from "./json.js";
import { inJavaScript, inPython, inShell, jsonInJavaScript, valueInPython } from "./quoting.js";

const REDACTED = "[redacted]";
const KEPT_HEADERS = ["x-publishable-api-key", "content-type", "idempotency-key", "prefer"];
const SECRET_HEADERS = [
  { name: "x-publishable-api-key", variable: "PUBLISHABLE_KEY", before: "" },
  { name: "authorization", variable: "CUSTOMER_TOKEN", before: "Bearer " },
];

/** The request that initializes a session of a payment collection. */
export function initializeRequest(key, collectionId, providerId) {
  const path = `/store/payment-collections/${collectionId}/payment-sessions`;
  return storeRequest("initialize_payment_session", key, path, { provider_id: providerId });
}

/** The request that creates the payment collection of a cart. */
export function createRequest(key, cartId) {
  return storeRequest("create_payment_collection", key, "/store/payment-collections", { cart_id: cartId });
}

function storeRequest(operation, key, path, body) {
  const headers = { "content-type": "application/json", "x-publishable-api-key": key };
  return { operation, method: "POST", path, query: "", headers, body: JSON.stringify(body), note: "" };
}

/** The request of a journal entry. */
export function requestOf(entry) {
  const { headers, body, bytes, is_whole: isWhole } = entry.request;
  return {
    operation: entry.violations.length ? null : entry.operation_id,
    method: entry.method,
    path: entry.path,
    query: entry.query,
    headers,
    body: body === "" ? null : body,
    note: isWhole && (body !== null || !bytes) ? "" : "The journal does not contain the whole body.",
  };
}

/** Return the environment variables from which commands read secrets. */
export function variablesOf(request) {
  return headersOf(request).secret.map(({ variable }) => variable);
}

function urlOf({ path, query }, origin) {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${origin}${encoded}${query ? `?${query}` : ""}`;
}

function headersOf(request) {
  const secret = SECRET_HEADERS.filter(({ name }) => request.headers[name] === REDACTED);
  const kept = KEPT_HEADERS.filter((name) => ![undefined, REDACTED].includes(request.headers[name]));
  return { kept: kept.map((name) => [name, request.headers[name]]), secret };
}

export function curl(request, origin) {
  const url = urlOf(request, origin);
  const { kept, secret } = headersOf(request);
  const literal = /[[\]{}]|\/\.\.?(?:[/?]|$)/.test(url) ? " --globoff --path-as-is" : "";
  const method = request.method === "HEAD" ? " --head" : ` -X ${inShell(request.method)}`;
  const lines = [`curl -i${literal}${request.method === "GET" ? "" : method} ${inShell(url)}`];
  for (const { name, variable, before } of secret)
    lines.push(`-H "${name}: ${before}\${${variable}:?is not set}"`);
  for (const [name, value] of kept) lines.push(`-H ${inShell(value ? `${name}: ${value}` : `${name};`)}`);
  if (request.body !== null) {
    // Otherwise curl sends it as a form.
    if (!("content-type" in request.headers)) lines.push("-H content-type:");
    lines.push(`--data-raw ${inShell(request.body)}`);
  }
  return noted("#", request, lines.join(" \\\n  "));
}

export function javaScript(request, origin) {
  const { kept, secret } = headersOf(request);
  const headers = [
    ...secret.map(({ name, variable, before }) => `"${name}": ${inJavaScript(before)} + ${variable}`),
    ...kept.map(([name, value]) => `"${name}": ${inJavaScript(value)}`),
  ];
  const options = [`method: ${inJavaScript(request.method)}`];
  if (headers.length) options.push(`headers: {\n    ${headers.join(",\n    ")},\n  }`);
  if (request.body !== null && !["GET", "HEAD"].includes(request.method))
    options.push(`body: ${bodyInJavaScript(request)}`);
  return noted("//", request, [
    ...secret.flatMap(({ variable }) => [
      `const ${variable} = globalThis.process ? process.env.${variable} : prompt("${variable}");`,
      `if (!${variable}) throw new Error("${variable} is not set");`,
    ]),
    `const response = await fetch(${inJavaScript(urlOf(request, origin))}, {`,
    ...options.map((option) => `  ${option},`),
    "});",
    "console.log(response.status, await response.text());",
  ].join("\n"));
}

function bodyInJavaScript({ body, headers }) {
  const value = readFaithfully(body);
  const isPlain = value !== undefined
    && JSON.stringify(value) === JSON.stringify(JSON.parse(body))
    // In an object literal this sets the prototype.
    && !body.includes("__proto__");
  if (isPlain) {
    const literal = JSON.stringify(value, null, 2).replaceAll("\n", "\n  ");
    return `JSON.stringify(${jsonInJavaScript(literal)})`;
  }
  const text = inJavaScript(body);
  // Otherwise fetch sends it as plain text.
  return "content-type" in headers ? text : `new Blob([${text}])`;
}

export function python(request, origin) {
  return noted("#", request, clientCall(request, origin) ?? plainCall(request, origin));
}

/** Return a call of our client, or null if it cannot send the request. */
function clientCall(request, origin) {
  const write = CLIENT_ARGUMENTS[request.operation];
  const query = [...new URLSearchParams(request.query)];
  const body = request.body === null ? {} : readFaithfully(request.body);
  if (!write || body === undefined || new Set(query.map(([name]) => name)).size < query.length) return null;
  if (!headersOf(request).kept.every(([name, value]) => isSentByClient(name, value, request.operation))) return null;
  const { args, rest } = write(request, Object.fromEntries(query), body);
  if (args.includes(null) || Object.keys(rest).some((name) => name !== "fields")) return null;
  if ("fields" in rest) args.push(`fields=${inPython(rest.fields)}`);
  const key = request.headers["idempotency-key"];
  if (key !== undefined) args.push(`idempotency_key=${inPython(key)}`);
  const shown = request.headers["x-publishable-api-key"];
  const publishable = [undefined, REDACTED].includes(shown) ? 'os.environ["PUBLISHABLE_KEY"]' : inPython(shown);
  const customer = "authorization" in request.headers
    ? ',\n    customer_token=os.environ["CUSTOMER_TOKEN"]' : "";
  return [
    ...(publishable.startsWith("os.") || customer ? ["import os", ""] : []),
    "from xclade_store import StoreClient",
    "",
    "with StoreClient(",
    `    ${inPython(origin)},`,
    `    publishable_key=${publishable}${customer},`,
    ") as store:",
    `    print(store.${request.operation}(${args.join(", ")}))`,
  ].join("\n");
}

function isSentByClient(name, value, operation) {
  if (name === "x-publishable-api-key") return true;
  if (name === "content-type") return /^application\/json\b/i.test(value);
  return name === "idempotency-key" && operation === "initialize_payment_session";
}

// By operation: the arguments of its method, null for one that it does not accept, and the rest of the query.
const CLIENT_ARGUMENTS = {
  list_payment_providers: (_, { region_id: region, limit, offset, ...rest }) => ({
    args: [
      region === undefined ? null : inPython(region),
      ...Object.entries({ limit, offset })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (/^\d{1,9}$/.test(value) ? `${name}=${Number(value)}` : null)),
    ],
    rest,
  }),
  create_payment_collection: (_, rest, { cart_id: cart }) => ({ args: [textArgument(cart)], rest }),
  initialize_payment_session: ({ path }, rest, { provider_id: provider, data }) => ({
    args: [
      inPython(path.split("/")[3]),
      textArgument(provider),
      ...(data === undefined ? [] : [valueInPython(data)]),
    ],
    rest,
  }),
};

function textArgument(value) {
  return typeof value === "string" ? inPython(value) : null;
}

function plainCall(request, origin) {
  const { kept, secret } = headersOf(request);
  const headers = [
    ...secret.map(({ name, variable, before }) =>
      `"${name}": ${before ? `"${before}" + ` : ""}os.environ["${variable}"]`),
    ...kept.map(([name, value]) => `"${name}": ${inPython(value)}`),
  ];
  return [
    ...(secret.length ? ["import os", ""] : []),
    "import httpx",
    "",
    "response = httpx.request(",
    `    ${inPython(request.method)},`,
    `    ${inPython(urlOf(request, origin))},`,
    ...(headers.length ? [`    headers={${headers.join(", ")}},`] : []),
    ...(request.body === null ? [] : [`    content=${inPython(request.body)},`]),
    ")",
    "print(response.status_code, response.text)",
  ].join("\n");
}

function noted(comment, { note }, command) {
  return `${note ? `${comment} ${note}\n` : ""}${command}\n`;
}
