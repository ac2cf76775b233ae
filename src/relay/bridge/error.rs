//! What is wrong with a message that carries HTTP (RELAY §4).

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A field is missing or of another type.
    #[error("`{0}` is missing or of the wrong type")]
    Field(&'static str),
    /// A target that no request line may have.
    #[error("`path` does not begin with / or has characters that no path has")]
    Path,
    /// A status that HTTP does not have.
    #[error("`statusCode` {0} is none")]
    Status(i64),
    /// Base64 was promised.
    #[error("`messageBody` is not base64")]
    Base64,
}
