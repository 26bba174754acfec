// The reference: Swagger UI for the API of this server that has its contract beside this folder.

const contract = await read("../openapi.json");
contract.servers = [
  { url: new URL("..", location).href.replace(/\/$/, ""), description: "This server" },
];
document.title = contract.info.title;
const key = contract.components.securitySchemes.publishableKey && (await findKey());
const ui = SwaggerUIBundle({
  spec: contract,
  dom_id: "#swagger-ui",
  deepLinking: true,
  onComplete: () => key && ui.preauthorizeApiKey("publishableKey", key),
});

/** Return a key of the store, if the control API gives one to everybody; it hides unusual ones. */
async function findKey() {
  try {
    const { publishable_keys: keys } = await read("../_mock/state");
    return keys.find(({ token, revoked }) => !revoked && token.startsWith("pk_"))?.token;
  } catch {
    return undefined;
  }
}

async function read(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response.json();
}
