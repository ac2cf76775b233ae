//! Verification, of ours and of others' (PER §7.3).

use data_encoding::BASE64URL;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use serde_json::Value;

use super::record::Record;
use super::text::{VERSION, to_sign};
use crate::pki::{Signer, SignerError, pem};

/// The deepest that lists stand in lists.
const DEEPEST: usize = 32;

/// A step that somebody signed.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// What it says.
    pub step: Value,
    /// Who signed it first, and who passed it on, from the outermost on.
    pub signed: Signer,
    /// The serial number of the certificate that it was signed with.
    pub serial: String,
    #[serde(rename = "includedBy")]
    pub included_by: Vec<Signer>,
}

/// A record that is not what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Of another framework.
    #[error("it is of another trust framework: {0}")]
    Framework(String),
    /// A list has no signature block, or one that is none.
    #[error("a list of steps has no signature that can be read")]
    Block,
    /// A version that is not known.
    #[error("a signature is of a format that is not known here")]
    Version,
    /// A serial that is no number.
    #[error("{0:?} is no serial number of a certificate")]
    Serial(String),
    /// A moment that is none.
    #[error("{0:?} is no moment of signing")]
    Moment(String),
    /// A certificate is not in the record.
    #[error("the certificate {0} is not in the record")]
    NoCertificate(String),
    /// It cannot be read.
    #[error("the certificate {0} cannot be read")]
    Certificate(String),
    /// Whoever signed could not.
    #[error("whoever signed with certificate {serial} could not at that moment: {why}")]
    Signer { serial: String, why: SignerError },
    /// The signature is of something else.
    #[error("the signature by certificate {0} is not of these steps: something was changed")]
    Signature(String),
    /// A step is none.
    #[error("a step cannot be read")]
    Step,
    /// `origins` says something else than the steps.
    #[error("the origins named are not those of the steps")]
    Origins,
    /// Lists in lists without end.
    #[error("lists stand in lists deeper than {DEEPEST}")]
    TooDeep,
}

/// Verifies a record of the framework by one of these roots: every step, in order, with its signers.
///
/// # Errors
///
/// For the first thing that is wrong.
pub fn verify(record: &Record, framework: &str, roots: &[CertificateDer<'_>]) -> Result<Vec<Verified>, VerifyError> {
    if record.framework != framework {
        return Err(VerifyError::Framework(record.framework.clone()));
    }
    let mut found = Vec::new();
    list(record, &record.steps, roots, &mut Vec::new(), &mut found)?;
    let origins = found.iter().filter(|one| one.step["type"] == "origin");
    let origins: Option<Vec<&str>> = origins.map(|one| one.step["id"].as_str()).collect();
    match origins.is_some_and(|origins| origins == record.origins) {
        true => Ok(found),
        false => Err(VerifyError::Origins),
    }
}

fn list(
    record: &Record,
    steps: &[Value],
    roots: &[CertificateDer<'_>],
    outer: &mut Vec<Signer>,
    found: &mut Vec<Verified>,
) -> Result<(), VerifyError> {
    if outer.len() > DEEPEST {
        return Err(VerifyError::TooDeep);
    }
    let (block, elements) = steps.split_last().ok_or(VerifyError::Block)?;
    let signer = signed(record, elements, block, roots)?;
    let serial = block[1].as_str().unwrap_or_default();
    for element in elements {
        match element {
            Value::String(text) => found.push(Verified {
                step: decoded(text).ok_or(VerifyError::Step)?,
                signed: signer.clone(),
                serial: serial.to_owned(),
                included_by: outer.clone(),
            }),
            Value::Array(inside) => {
                outer.push(signer.clone());
                list(record, inside, roots, outer, found)?;
                outer.pop();
            }
            _ => return Err(VerifyError::Step),
        }
    }
    Ok(())
}

/// Who signed a list.
fn signed(
    record: &Record,
    elements: &[Value],
    block: &Value,
    roots: &[CertificateDer<'_>],
) -> Result<Signer, VerifyError> {
    let [version, serial, time, signature] = block.as_array().map(Vec::as_slice).ok_or(VerifyError::Block)? else {
        return Err(VerifyError::Block);
    };
    if version.as_u64() != Some(VERSION) {
        return Err(VerifyError::Version);
    }
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(VerifyError::Block);
    let (serial, time, signature) = (text(serial)?, text(time)?, text(signature)?);
    let is_number = !serial.is_empty() && serial.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || (serial.starts_with('0') && serial != "0") {
        return Err(VerifyError::Serial(serial));
    }
    let plain = |byte: u8| byte.is_ascii_digit() || b"-:.TZ".contains(&byte);
    let at = time
        .parse::<Timestamp>()
        .ok()
        .filter(|_| time.ends_with('Z') && time.bytes().all(plain));
    let at = at.ok_or_else(|| VerifyError::Moment(time.clone()))?;
    let chain = chain(record, &serial)?;
    let signer = Signer::of(&chain, roots, at).map_err(|why| VerifyError::Signer {
        serial: serial.clone(),
        why,
    })?;
    let signature = BASE64URL.decode(signature.as_bytes()).map_err(|_| VerifyError::Block)?;
    let message = to_sign(&record.framework, elements, ["0", &serial, &time]);
    match signer.signed(message.as_bytes(), &signature) {
        true => Ok(signer),
        false => Err(VerifyError::Signature(serial)),
    }
}

fn chain(record: &Record, serial: &str) -> Result<Vec<CertificateDer<'static>>, VerifyError> {
    let entry = |serial: &str| {
        let entry = record.certificates.get(serial).filter(|entry| !entry.is_empty());
        entry.ok_or_else(|| VerifyError::NoCertificate(serial.to_owned()))
    };
    let leaf = entry(serial)?;
    let issuers = leaf[1..].iter().map(|issuer| Ok((issuer.as_str(), entry(issuer)?)));
    let all = std::iter::once(Ok((serial, leaf))).chain(issuers);
    all.map(|one| {
        let (serial, entry) = one?;
        pem::certificate(entry[0].as_bytes()).map_err(|_| VerifyError::Certificate(serial.to_owned()))
    })
    .collect()
}

fn decoded(text: &str) -> Option<Value> {
    let step = BASE64URL.decode(text.as_bytes()).ok()?;
    let step: Value = serde_json::from_slice(&step).ok()?;
    step["type"].is_string().then_some(step)
}
