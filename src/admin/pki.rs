//! `pki …`.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::BASE64;
use jiff::SignedDuration;
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Desk;
use super::problem::Refusal;
use crate::pki::{AuthorityError, Hierarchy, Overwrite, PkiError, Reason, Request, Role, Row, Usage};

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/pki", get(list))
        .route("/pki/init", post(init))
        .route("/pki/verdict", post(verify))
        .route("/pki/revocation", post(revoke))
        .route("/pki/{hierarchy}/crl", post(crl))
        .route("/pki/{hierarchy}/certificates", post(issue))
        .route("/pki/{hierarchy}/possession", post(possession))
}

fn hierarchy_of(word: &str) -> Result<Hierarchy, Refusal> {
    word.parse()
        .map_err(|error: crate::pki::UnknownWord| Refusal::bad(error.to_string()))
}

async fn list(State(desk): State<Desk>) -> Result<Json<Vec<Row>>, Refusal> {
    Ok(Json(desk.pki.list()?))
}

/// How hierarchies are to be made.
#[derive(Default, Deserialize)]
struct Init {
    /// Also in the place of those that are gone or damaged.
    #[serde(default)]
    replace: bool,
}

async fn init(State(desk): State<Desk>, wish: Option<Json<Init>>) -> Result<Json<Value>, Refusal> {
    let now = desk.pki.now();
    let made = match wish.map(|Json(wish)| wish).unwrap_or_default().replace {
        true => desk.pki.replace(now).await?,
        false => desk.pki.init(now).await?,
    };
    let roots: Vec<Value> = Hierarchy::ALL
        .into_iter()
        .map(|hierarchy| json!({ "hierarchy": hierarchy, "root": desk.pki.files(hierarchy).root_certificate }))
        .collect();
    Ok(Json(
        json!({ "made": made, "roots": roots, "unusable": desk.pki.broken() }),
    ))
}

/// A certificate that is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    name: String,
    usage: Option<Usage>,
    role: Option<Role>,
    organization: Option<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    uris: Vec<String>,
    days: Option<u32>,
    /// The caller writes the files; the box keeps none of them.
    #[serde(default)]
    hand_over: bool,
    #[serde(default)]
    overwrite: bool,
}

impl Wish {
    fn into_request(self, hierarchy: Hierarchy) -> Request {
        Request {
            usage: self.usage,
            role: self.role,
            organization: self.organization,
            hosts: self.hosts,
            uris: self.uris,
            lifetime: self.days.map(|days| SignedDuration::from_hours(24 * i64::from(days))),
            overwrite: if self.overwrite { Overwrite::Yes } else { Overwrite::No },
            ..Request::new(hierarchy, self.name)
        }
    }
}

/// A code that a platform gave out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

async fn possession(
    State(desk): State<Desk>,
    Path(hierarchy): Path<String>,
    Json(Code { code }): Json<Code>,
) -> Result<Json<Value>, Refusal> {
    let hierarchy = hierarchy_of(&hierarchy)?;
    let signed = desk.pki.sign_code(hierarchy, &code);
    let signature = signed.map_err(|error| Refusal::bad(error.to_string()))?;
    let root = desk.pki.files(hierarchy).root_certificate;
    Ok(Json(json!({ "signature": BASE64.encode(&signature), "root": root })))
}

async fn issue(
    State(desk): State<Desk>,
    Path(hierarchy): Path<String>,
    Json(wish): Json<Wish>,
) -> Result<Json<Value>, Refusal> {
    let hand_over = wish.hand_over;
    let request = wish.into_request(hierarchy_of(&hierarchy)?);
    let now = desk.pki.now();
    if hand_over {
        let (issued, pem) = desk.pki.issue_in_memory(request, now).await?;
        let texts =
            json!({ "key": *pem.key, "certificate": pem.certificate, "chain": pem.chain, "pkeycert": *pem.pkeycert });
        return Ok(Json(json!({ "issued": issued, "pem": texts })));
    }
    Ok(Json(json!({ "issued": desk.pki.issue(request, None, now).await? })))
}

#[derive(Deserialize)]
struct Verify {
    /// The certificate and those after it in its file, DER, base64.
    chain: Vec<String>,
    hierarchy: Option<Hierarchy>,
}

async fn verify(State(desk): State<Desk>, Json(wish): Json<Verify>) -> Result<Json<Value>, Refusal> {
    let chain = wish
        .chain
        .iter()
        .map(|der| BASE64.decode(der.as_bytes()).map(CertificateDer::from));
    let chain: Vec<_> = chain
        .collect::<Result<_, _>>()
        .map_err(|error| Refusal::bad(error.to_string()))?;
    let verdict = desk.pki.verify(&chain, wish.hierarchy, desk.pki.now())?;
    Ok(Json(
        serde_json::to_value(verdict).map_err(|error| Refusal::failed(error.to_string()))?,
    ))
}

#[derive(Deserialize)]
struct Revoke {
    which: String,
    hierarchy: Option<Hierarchy>,
    #[serde(default)]
    reason: Reason,
}

async fn revoke(State(desk): State<Desk>, Json(wish): Json<Revoke>) -> Result<Json<Row>, Refusal> {
    Ok(Json(
        desk.pki
            .revoke(&wish.which, wish.hierarchy, wish.reason, desk.pki.now())
            .await?,
    ))
}

async fn crl(State(desk): State<Desk>, Path(hierarchy): Path<String>) -> Result<Json<Value>, Refusal> {
    let hierarchy = hierarchy_of(&hierarchy)?;
    let file = desk.pki.crl(hierarchy, desk.pki.now()).await?;
    Ok(Json(json!({ "hierarchy": hierarchy, "file": file })))
}

impl From<PkiError> for Refusal {
    fn from(error: PkiError) -> Refusal {
        let text = error.to_string();
        match error {
            PkiError::Unknown(_) => Refusal::unknown(text),
            PkiError::Request(_) | PkiError::Exists(_) | PkiError::Inspect(_) | PkiError::Ambiguous { .. } => {
                Refusal::bad(text)
            }
            PkiError::Authority(AuthorityError::Absent(_)) => {
                Refusal::bad(format!("{text}; `gatelodge pki init` makes it"))
            }
            PkiError::Write(error) => match error.split() {
                Ok(_) => Refusal::failed(text),
                Err(why) => why.into(),
            },
            PkiError::Authority(_) | PkiError::Folder(_) | PkiError::Read(_) | PkiError::Interrupted => {
                Refusal::failed(text)
            }
        }
    }
}
