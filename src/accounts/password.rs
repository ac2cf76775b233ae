//! Passwords: stretched with argon2id, two at a time, off the async threads.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use super::secret::Secret;

/// The shortest password taken (NIST SP 800-63B section 5.1.1.2 asks for eight at least).
pub const SHORTEST: usize = 10;
/// The longest password taken, in bytes: longer ones only cost time.
pub const LONGEST: usize = 1024;

/// Two at a time: each takes 19 MiB and most of a core for some 75 ms.
static STRETCHING: Semaphore = Semaphore::const_new(2);

/// A password that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    /// It is too long.
    #[error("a password has at most {LONGEST} bytes")]
    TooLong,
}

/// Says whether a password may be used at all.
pub fn check(password: &Secret) -> Result<(), PasswordError> {
    if password.reveal().chars().count() < SHORTEST {
        return Err(PasswordError::TooShort);
    }
    if password.reveal().len() > LONGEST {
        return Err(PasswordError::TooLong);
    }
    Ok(())
}

/// The PHC string to keep of a password: argon2id, m = 19 MiB, t = 2, p = 1 (OWASP's choice).
pub async fn hash(password: Secret) -> String {
    stretch(move || {
        let hashed = Argon2::default().hash_password(password.reveal().as_bytes());
        hashed.expect("the default parameters are valid").to_string()
    })
    .await
}

/// Whether `password` is the one that was kept as `phc`. With nothing kept it takes as long and is not.
pub async fn verify(password: Secret, phc: Option<String>) -> bool {
    stretch(move || {
        let kept = phc.as_deref().unwrap_or(NOBODY);
        let Ok(kept) = PasswordHash::new(kept) else {
            return false;
        };
        let same = password.reveal().len() <= LONGEST
            && Argon2::default()
                .verify_password(password.reveal().as_bytes(), &kept)
                .is_ok();
        same && phc.is_some()
    })
    .await
}

/// Stands in for people who do not exist, so that asking for them takes as long.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn stretch<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    let _turn = STRETCHING.acquire().await.expect("the semaphore is never closed");
    tokio::task::spawn_blocking(work)
        .await
        .expect("stretching does not panic")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let phc = hash(Secret::given("correct horse")).await;
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(verify(Secret::given("correct horse"), Some(phc.clone())).await);
        assert!(!verify(Secret::given("correct horsf"), Some(phc)).await);
        assert!(!verify(Secret::given("anything at all"), None).await);
    }

    #[test]
    fn the_stand_in_for_nobody_is_a_real_hash() {
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
