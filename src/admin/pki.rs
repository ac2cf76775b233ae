//! `pki …`.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::BASE64;
use jiff::SignedDuration;
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use serde_json::{Value, json};

use super::AdminState;
use super::problem::AdminError;
use crate::pki::{Application, AuthorityError, Hierarchy, Overwrite, PkiError, Reason, Request, Role, Row, Usage};

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/pki", get(list))
        .route("/pki/init", post(init))
        .route("/pki/verdict", post(verify))
        .route("/pki/revocation", post(revoke))
        .route("/pki/{hierarchy}/crl", post(crl))
        .route("/pki/{hierarchy}/certificates", post(issue))
        .route("/pki/{hierarchy}/possession", post(possession))
}

pub(super) fn hierarchy_of(word: &str) -> Result<Hierarchy, AdminError> {
    word.parse()
        .map_err(|error: crate::pki::UnknownWordError| AdminError::argument(error.to_string()))
}

async fn list(State(state): State<AdminState>) -> Result<Json<Vec<Row>>, AdminError> {
    Ok(Json(state.pki.list()?))
}

/// How hierarchies are to be made.
#[derive(Default, Deserialize)]
struct Init {
    /// Also in the place of those that are gone or damaged.
    #[serde(default)]
    replace: bool,
}

async fn init(State(state): State<AdminState>, request: Option<Json<Init>>) -> Result<Json<Value>, AdminError> {
    let now = state.pki.now();
    let made = match request.map(|Json(request)| request).unwrap_or_default().replace {
        true => state.pki.replace(now).await?,
        false => state.pki.init(now).await?,
    };
    let roots: Vec<Value> = Hierarchy::ALL
        .into_iter()
        .map(|hierarchy| json!({ "hierarchy": hierarchy, "root": state.pki.files(hierarchy).root_certificate }))
        .collect();
    Ok(Json(
        json!({ "made": made, "roots": roots, "unusable": state.pki.broken() }),
    ))
}

/// A certificate that is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateRequest {
    name: String,
    usage: Option<Usage>,
    role: Option<Role>,
    organization: Option<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    uris: Vec<String>,
    /// Of which application of a data-sharing scheme it is; with its member and roles.
    application: Option<String>,
    member: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    days: Option<u32>,
    /// The caller writes the files; the box keeps none of them.
    #[serde(default)]
    hand_over: bool,
    #[serde(default)]
    overwrite: bool,
}

impl CertificateRequest {
    fn into_request(self, hierarchy: Hierarchy) -> Request {
        Request {
            usage: self.usage,
            role: self.role,
            organization: self.organization,
            hosts: self.hosts,
            uris: self.uris,
            application: self.application.map(|url| Application {
                url,
                member: self.member.unwrap_or_default(),
                roles: self.roles,
            }),
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
    State(state): State<AdminState>,
    Path(hierarchy): Path<String>,
    Json(Code { code }): Json<Code>,
) -> Result<Json<Value>, AdminError> {
    let hierarchy = hierarchy_of(&hierarchy)?;
    let signed = state.pki.sign_code(hierarchy, &code);
    let signature = signed.map_err(|error| AdminError::bad(error.to_string()))?;
    let root = state.pki.files(hierarchy).root_certificate;
    Ok(Json(json!({ "signature": BASE64.encode(&signature), "root": root })))
}

async fn issue(
    State(state): State<AdminState>,
    Path(hierarchy): Path<String>,
    Json(request): Json<CertificateRequest>,
) -> Result<Json<Value>, AdminError> {
    let hand_over = request.hand_over;
    let request = request.into_request(hierarchy_of(&hierarchy)?);
    let now = state.pki.now();
    if hand_over {
        let (issued, pem) = state.pki.issue_in_memory(request, now).await?;
        let texts =
            json!({ "key": *pem.key, "certificate": pem.certificate, "chain": pem.chain, "pkeycert": *pem.pkeycert });
        return Ok(Json(json!({ "issued": issued, "pem": texts })));
    }
    Ok(Json(json!({ "issued": state.pki.issue(request, None, now).await? })))
}

#[derive(Deserialize)]
struct Verify {
    /// The certificate and those after it in its file, DER, base64.
    chain: Vec<String>,
    hierarchy: Option<Hierarchy>,
}

async fn verify(State(state): State<AdminState>, Json(request): Json<Verify>) -> Result<Json<Value>, AdminError> {
    let chain = request
        .chain
        .iter()
        .map(|der| BASE64.decode(der.as_bytes()).map(CertificateDer::from));
    let chain: Vec<_> = chain
        .collect::<Result<_, _>>()
        .map_err(|error| AdminError::bad(error.to_string()))?;
    let verdict = state.pki.verify(&chain, request.hierarchy, state.pki.now())?;
    Ok(Json(
        serde_json::to_value(verdict).map_err(|error| AdminError::failed(error.to_string()))?,
    ))
}

#[derive(Deserialize)]
struct Revoke {
    which: String,
    hierarchy: Option<Hierarchy>,
    #[serde(default)]
    reason: Reason,
}

async fn revoke(State(state): State<AdminState>, Json(request): Json<Revoke>) -> Result<Json<Row>, AdminError> {
    Ok(Json(
        state
            .pki
            .revoke(&request.which, request.hierarchy, request.reason, state.pki.now())
            .await?,
    ))
}

async fn crl(State(state): State<AdminState>, Path(hierarchy): Path<String>) -> Result<Json<Value>, AdminError> {
    let hierarchy = hierarchy_of(&hierarchy)?;
    let file = state.pki.crl(hierarchy, state.pki.now()).await?;
    Ok(Json(json!({ "hierarchy": hierarchy, "file": file })))
}

impl From<PkiError> for AdminError {
    fn from(error: PkiError) -> AdminError {
        let text = error.to_string();
        match error {
            PkiError::Unknown(_) => AdminError::unknown(text),
            PkiError::Request(_) | PkiError::Exists(_) | PkiError::Inspect(_) | PkiError::Ambiguous { .. } => {
                AdminError::bad(text)
            }
            PkiError::Authority(AuthorityError::Absent(_)) | PkiError::Adoption(_) => AdminError::bad(text),
            PkiError::Write(error) => match error.split() {
                Ok(_) => AdminError::failed(text),
                Err(why) => why.into(),
            },
            PkiError::Authority(_) | PkiError::Folder(_) | PkiError::Read(_) | PkiError::Interrupted => {
                AdminError::failed(text)
            }
        }
    }
}
