//! The limit on open descriptors, of which every connection takes one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit on open descriptors to the hard one; gives the limit before and after. `None` is unlimited.
///
/// A program started by hand has 1024 of them, far fewer than the doors' connections.
#[must_use]
pub fn raise_descriptor_limit() -> (Option<u64>, Option<u64>) {
    let before = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: before.maximum,
        maximum: before.maximum,
    };
    let after = match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => before.maximum,
        Err(_) => before.current,
    };
    (before.current, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let (_, after) = raise_descriptor_limit();
        assert_eq!(getrlimit(Resource::Nofile).current, after);
        assert_eq!(getrlimit(Resource::Nofile).maximum, after);
    }
}
