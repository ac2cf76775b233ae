//! What a request about codes brings: one JSON object.

use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::meter::emop::Token;

/// Reads a body that must be an object: a list of its values in order is none, though serde would take it.
///
/// # Errors
///
/// When it is not what is wanted. A code is not repeated, wherever it stood: programs log what they are answered.
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::Body("a JSON object is expected".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| {
        let words = error.to_string();
        ApiError::Body(if Token::may_be_in(&words) {
            format!(
                "it is not what is expected at line {} column {}",
                error.line(),
                error.column()
            )
        } else {
            words
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        #[expect(dead_code, reason = "only whether it is read counts")]
        token: Token,
    }

    #[test]
    fn only_an_object_is_read_and_no_code_comes_back() {
        let code = "71466394621589161020";
        object::<Given>(format!(" {{\"token\": \"{code}\"}}").as_bytes()).unwrap();
        for wrong in [
            format!("[\"{code}\"]"),
            format!("\"{code}\""),
            code.to_owned(),
            format!("{{\"{code}\": 1}}"),
            format!("{{\"token\": {code}}}"),
            String::new(),
        ] {
            let error = object::<Given>(wrong.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains("7146639462"), "{error}");
        }
    }
}
