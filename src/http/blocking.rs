//! Work that waits for the disk, away from the threads that serve.

/// Work for a request that broke; why is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fault is ours")]
pub struct BrokenError;

/// Does `work` where it holds nobody up.
///
/// # Errors
/// When it panicked: never the caller's fault.
pub async fn blocking<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, BrokenError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "work for a request broke");
        BrokenError
    })
}
