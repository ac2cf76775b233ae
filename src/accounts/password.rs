//! Passwords: stretched with argon2id, two at a time, off the async threads.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::secret::Secret;

/// The shortest password taken (NIST SP 800-63B section 5.1.1.2 asks for eight at least).
pub const SHORTEST: usize = 10;
/// The longest password taken, in bytes: longer ones only cost time.
pub const LONGEST: usize = 1024;

/// Two at a time: each takes 19 MiB and most of a core for some 75 ms.
static STRETCHING: Semaphore = Semaphore::const_new(2);
/// So many from outside may be at it or wait: the last of them waits for some two seconds.
static WAITING: Semaphore = Semaphore::const_new(34);

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

/// A turn at stretching. It lasts until the work is done, whoever waits for it.
pub struct Turn {
    _turn: SemaphorePermit<'static>,
    _place: Option<SemaphorePermit<'static>>,
}

/// More wait for a turn than may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many people sign in just now; try again in a few seconds")]
pub struct BusyError;

/// A turn for somebody from outside; few enough wait for one that it comes within a few seconds.
///
/// # Errors
///
/// When as many wait already as may.
pub async fn turn() -> Result<Turn, BusyError> {
    let place = WAITING.try_acquire().map_err(|_| BusyError)?;
    Ok(Turn {
        _turn: STRETCHING.acquire().await.expect("the semaphore is never closed"),
        _place: Some(place),
    })
}

/// A turn for whoever runs the box: it comes, however many wait.
pub async fn operators_turn() -> Turn {
    Turn {
        _turn: STRETCHING.acquire().await.expect("the semaphore is never closed"),
        _place: None,
    }
}

impl Turn {
    /// The PHC string to keep of a password: argon2id, m = 19 MiB, t = 2, p = 1 (OWASP's choice).
    pub async fn hash(self, password: Secret) -> String {
        self.stretch(move || {
            let hashed = Argon2::default().hash_password(password.reveal().as_bytes());
            hashed.expect("the default parameters are valid").to_string()
        })
        .await
    }

    /// Whether `password` is the one that was kept as `phc`. With nothing kept it takes as long and is not.
    pub async fn verify(self, password: Secret, phc: Option<String>) -> bool {
        self.stretch(move || {
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

    /// Work under way goes on when nobody waits for it any more, so the turn goes with it.
    async fn stretch<R: Send + 'static>(self, work: impl FnOnce() -> R + Send + 'static) -> R {
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(self);
            done
        })
        .await
        .expect("stretching does not panic")
    }
}

/// Stands in for people who do not exist, so that asking for them takes as long.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let phc = operators_turn().await.hash(Secret::given("correct horse")).await;
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        for (password, kept, right) in [
            ("correct horse", Some(phc.clone()), true),
            ("correct horsf", Some(phc), false),
            ("anything at all", None, false),
        ] {
            let turn = operators_turn().await;
            assert_eq!(turn.verify(Secret::given(password), kept).await, right, "{password}");
        }
    }

    #[test]
    fn the_stand_in_for_nobody_is_a_real_hash() {
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
