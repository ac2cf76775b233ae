//! The demonstration's applications: two that are registered, with certificates of the scheme, and a licence in our own
//! words.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::CliError;
use crate::files::write_private;
use crate::pki::{Application, Hierarchy, Overwrite, Pki, Request};

/// Where the scheme's names begin.
const REGISTRY: &str = "https://registry.core.sandbox.trust.ib1.org";
/// Where the applications' do.
const DIRECTORY: &str = "https://directory.core.sandbox.trust.ib1.org";
/// Where a person's browser is sent back to, without further wishes.
pub(super) const CALLBACK: &str = "http://localhost:3000/callback";
const CALLBACKS: [&str; 3] = [
    CALLBACK,
    "http://localhost:3000/auth/callback",
    "https://localhost:9443/callback",
];
/// The second application's, whose query has to come back.
const QUERIED: &str = "http://localhost:3000/callback?dummy1=lorem&dummy2=ipsum";

/// The name of the first application.
const FIRST: &str = "cap-demo";

/// What people agree to, in our own words.
const WORDS: &str = "[CAP] asks [EDP] for the half-hourly electricity readings of the meters that you choose.\n\n\
    With them it [CAP process]: it works out what your use of energy emits, now and over the year, may share what it worked \
    out with a lender that you choose, and may tell you how to emit less.\n\n\
    It is for a year at most. You can stop it at any moment on the pages of [EDP]; what was fetched by then stays with \
    [CAP]. What [EDP] does with your data: [EDP privacy policy link].\n";

/// An application, as `demo --json` shows it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ClientShown {
    client_id: String,
    /// With its issuer.
    certificate_file: PathBuf,
    key_file: PathBuf,
    redirect_uris: Vec<String>,
}

/// What programs need to walk the scheme's way.
pub(super) struct Applications {
    pub(super) clients: Vec<ClientShown>,
    issuer_certificate: PathBuf,
    issuer_key: PathBuf,
    signing_root: PathBuf,
}

/// Both applications: name, and where people are sent back to.
fn both(more: &[String]) -> [(&'static str, &'static str, Vec<String>); 2] {
    let with = |usual: &[&str]| {
        usual
            .iter()
            .map(|uri| (*uri).to_owned())
            .chain(more.iter().cloned())
            .collect()
    };
    [
        (FIRST, "Acme Saver", with(&CALLBACKS)),
        ("second-demo", "Second Saver", with(&[QUERIED])),
    ]
}

fn url(name: &str) -> String {
    format!("{DIRECTORY}/a/{name}")
}

fn member(name: &str) -> String {
    format!("{DIRECTORY}/member/{name}")
}

fn licence() -> String {
    format!("{REGISTRY}/scheme/perseus/license/energy-consumption-data/2024-12-05")
}

/// The sections of the configuration.
pub(super) fn sections(
    dir: &Path,
    (https, mtls): (u16, u16),
    more: &[String],
    messages: &str,
) -> Result<String, CliError> {
    let words = dir.join("licence.txt");
    write_private(&words, WORDS.as_bytes()).map_err(CliError::failed)?;
    let text = |text: &str| toml_edit::Value::from(text).to_string().trim().to_owned();
    let path = |below: &str| text(&dir.join(below).display().to_string());
    let mut sections = format!(
        "\n[perseus]\nissuer = \"https://localhost:{https}\"\nmtls_url = \"https://localhost:{mtls}\"\nregistry_base = {}\n\
         outbound_ca_file = {}\noutbound_certificate_file = {}\noutbound_key_file = {}\n\
         name = \"Gatelodge demo\"\nprivacy_url = \"https://localhost:{https}/docs/privacy\"\n\n\
         [[perseus.licence]]\nurl = {}\ntext_file = {}\n",
        text(REGISTRY),
        path("data/pki/server/root.cert.pem"),
        path("messages/demo-box.chain.pem"),
        path("messages/demo-box.key.pem"),
        text(&licence()),
        text(&words.display().to_string()),
    );
    for (name, called, uris) in both(more) {
        let uris: Vec<String> = uris.iter().map(|uri| text(uri)).collect();
        let _ = write!(
            sections,
            "\n[[perseus.client]]\nclient_id = {}\nmember = {}\nname = {}\nprocess = \"works out your carbon footprint\"\n\
             privacy_url = \"https://localhost:3000/privacy\"\nredirect_uris = [{}]\n",
            text(&url(name)),
            text(&member(name)),
            text(called),
            uris.join(", "),
        );
        // The first is told of withdrawals.
        if name == FIRST {
            let _ = writeln!(sections, "message_url = {}", text(messages));
        }
    }
    Ok(sections)
}

/// Certificates of both applications.
pub(super) async fn certificates(
    pki: &Pki,
    dir: &Path,
    more: &[String],
    now: Timestamp,
) -> Result<Applications, CliError> {
    let mut clients = Vec::new();
    for (name, _, redirect_uris) in both(more) {
        let request = Request {
            application: Some(Application {
                url: url(name),
                member: member(name),
                roles: vec![format!("{REGISTRY}/scheme/perseus/role/carbon-accounting-provider")],
            }),
            overwrite: Overwrite::Yes,
            ..Request::new(Hierarchy::Client, name)
        };
        let issued = pki.issue(request, Some(dir.join("perseus")), now).await;
        let issued = issued.map_err(CliError::failed)?;
        clients.push(ClientShown {
            client_id: url(name),
            certificate_file: issued.chain,
            key_file: issued.key,
            redirect_uris,
        });
    }
    let client = pki.files(Hierarchy::Client);
    Ok(Applications {
        clients,
        issuer_certificate: client.issuer_certificate,
        issuer_key: client.issuer_key,
        signing_root: pki.files(Hierarchy::Signing).root_certificate,
    })
}

impl Applications {
    /// What `demo --json` holds of them.
    pub(super) fn describe(&self, (https, mtls): (u16, u16), messages: &Path) -> Value {
        let mtls = format!("https://localhost:{mtls}");
        json!({
            "issuer": format!("https://localhost:{https}"), "mtls_url": mtls, "resource_url": mtls,
            "redirect_uri": CALLBACK, "clients": self.clients, "licence": licence(),
            "client_issuer_certificate_file": self.issuer_certificate,
            "client_issuer_key_file": self.issuer_key, "signing_ca_file": self.signing_root,
            "messages_file": messages,
        })
    }
}

/// One curl a step, for whoever walks the way by hand (RFC 7636 appendix B has the verifier).
pub(super) fn steps(perseus: &Value, ca: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let client = &perseus["clients"][0];
    let (id, mtls, issuer) = (
        text(&client["client_id"]),
        text(&perseus["mtls_url"]),
        text(&perseus["issuer"]),
    );
    let curl = format!(
        "curl --cacert {ca} --cert {} --key {}",
        text(&client["certificate_file"]),
        text(&client["key_file"])
    );
    let redirect = text(&perseus["redirect_uri"]);
    let encoded: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    vec![
        format!("curl --cacert {ca} {issuer}/.well-known/oauth-authorization-server"),
        format!(
            "{curl} {mtls}/api/v1/par -d response_type=code --data-urlencode redirect_uri={redirect} --data-urlencode \
             'scope={} offline_access' -d code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM -d code_challenge_method=S256",
            text(&perseus["licence"])
        ),
        format!(
            "in a browser, within 90 s, as the resident: {issuer}/api/v1/authorize?client_id={encoded}&request_uri=REQUEST_URI"
        ),
        "  nobody need listen where it leads then: CODE stands in the address, and is good for 45 s".to_owned(),
        format!(
            "{curl} {mtls}/api/v1/authorize/token -d grant_type=authorization_code -d code=CODE --data-urlencode \
             redirect_uri={redirect} -d code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        ),
        format!("{curl} -H 'Authorization: Bearer ACCESS_TOKEN' {mtls}/datasources"),
        format!(
            "{curl} -H 'Authorization: Bearer ACCESS_TOKEN' '{mtls}/datasources/{}/import?from=2024-12-05&to=2024-12-06'",
            super::meters::SOURCE
        ),
        format!("{curl} {mtls}/api/v1/authorize/token -d grant_type=refresh_token -d refresh_token=REFRESH_TOKEN"),
        format!("{curl} {mtls}/api/v1/permissions -d token=REFRESH_TOKEN"),
        format!("what the resident sees of it: {issuer}/permissions"),
        format!("{curl} {mtls}/api/v1/authorize/revoke -d token=REFRESH_TOKEN"),
    ]
}
