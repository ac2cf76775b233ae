//! By which user name and password the box proves who it is, where it does.

use std::path::Path;

use zeroize::Zeroizing;

use super::error::ConnectionError;
use crate::files::read_secret;
use crate::uplink::config::{Auth, Config};

/// User name and password, when the box proves by them who it is.
pub(in crate::uplink) fn login(config: &Config) -> Result<Option<(String, Zeroizing<String>)>, ConnectionError> {
    if let (Auth::Bootstrap, Some(kept)) = (config.auth(), &config.credential_folder) {
        let login = kept.login()?.ok_or(ConnectionError::NotEnrolled)?;
        return Ok(Some((format!("{}/{}", login.tenant, login.username), login.password)));
    }
    match (config.auth(), &config.username, &config.password_file) {
        (Auth::Password, Some(name), Some(file)) => {
            let name = config
                .tenant
                .as_ref()
                .map_or_else(|| name.clone(), |tenant| format!("{tenant}/{name}"));
            Ok(Some((name, password(file)?)))
        }
        _ => Ok(None),
    }
}

/// A password is a line of text; what editors put behind it does not belong to it.
pub(in crate::uplink) fn password(file: &Path) -> Result<Zeroizing<String>, ConnectionError> {
    let text = read_secret(file).map_err(|source| ConnectionError::Password {
        path: file.display().to_string(),
        source,
    })?;
    let text = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if text.is_empty() {
        return Err(ConnectionError::NoPassword(file.display().to_string()));
    }
    Ok(text)
}
