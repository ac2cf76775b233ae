// The whole way as openid-client walks it, over mutual TLS: prints where a person goes, reads where they came back to.
// node openid_client.js ISSUER CLIENT_ID CHAIN KEY CA REDIRECT_URI SCOPE
const fs = require("node:fs");
const readline = require("node:readline");
const { Issuer, custom, generators } = require("openid-client");

async function walk([issuerUrl, clientId, chain, key, ca, redirectUri, scope]) {
  const tls = { cert: fs.readFileSync(chain), key: fs.readFileSync(key), ca: fs.readFileSync(ca) };
  custom.setHttpOptionsDefaults({ ca: tls.ca, timeout: 10000 });
  Issuer[custom.http_options] = () => ({ ca: tls.ca });
  const issuer = await Issuer.discover(`${issuerUrl}/.well-known/oauth-authorization-server`);
  const client = new issuer.Client({
    client_id: clientId,
    token_endpoint_auth_method: "tls_client_auth",
    revocation_endpoint_auth_method: "tls_client_auth",
    redirect_uris: [redirectUri],
    response_types: ["code"],
    tls_client_certificate_bound_access_tokens: true,
  });
  client[custom.http_options] = () => tls;
  const verifier = generators.codeVerifier();
  const state = generators.state();
  const pushed = await client.pushedAuthorizationRequest({
    scope,
    redirect_uri: redirectUri,
    response_type: "code",
    code_challenge: generators.codeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  });
  console.log(client.authorizationUrl({ request_uri: pushed.request_uri, scope: undefined, response_type: undefined }));
  const lines = readline.createInterface({ input: process.stdin });
  const back = await new Promise((resolve) => lines.once("line", resolve));
  lines.close();
  const parameters = client.callbackParams(back);
  const tokens = await client.oauthCallback(redirectUri, parameters, { code_verifier: verifier, state, response_type: "code" });
  const resource = new URL("/datasources", issuer.token_endpoint).href;
  const data = await client.requestResource(resource, tokens.access_token);
  const refreshed = await client.refresh(tokens.refresh_token);
  await client.revoke(tokens.refresh_token);
  const after = await client.requestResource(resource, refreshed.access_token).then((answer) => answer.statusCode);
  let refused = null;
  try {
    await client.refresh(tokens.refresh_token);
  } catch (error) {
    refused = error.error;
  }
  console.log(
    JSON.stringify({
      type: tokens.token_type,
      bound: Boolean(tokens.access_token),
      data: JSON.parse(data.body.toString()),
      refreshed: Boolean(refreshed.access_token) && refreshed.refresh_token === tokens.refresh_token,
      after,
      refused,
    }),
  );
}

walk(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
