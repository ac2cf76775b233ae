//! What a request about meters brings: one JSON object, or a query. A code is not repeated, wherever it stood: programs log
//! what they are answered.

use axum::body::Bytes;
use axum::extract::Query;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::http::asked;
use crate::meter::emop::Token;

/// What was sent, as far as it came.
///
/// # Errors
///
/// When it is longer than bodies may be, or ended before its end.
pub(super) fn whole(body: Result<Bytes, BytesRejection>) -> Result<Bytes, ApiError> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLong,
        _ => ApiError::Body("it did not come to its end".to_owned()),
    })
}

/// Reads a body that must be an object.
///
/// # Errors
///
/// When it is not what is wanted.
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    asked::object(body).map_err(|error| ApiError::Asked(error.unless(Token::may_be_in)))
}

/// Reads a query.
///
/// # Errors
///
/// When it is not what is wanted.
pub(super) fn query<T>(read: Result<Query<T>, QueryRejection>) -> Result<T, ApiError> {
    match read {
        Ok(Query(read)) => Ok(read),
        Err(rejection) => Err(ApiError::Asked(asked::query(&rejection).unless(Token::may_be_in))),
    }
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
