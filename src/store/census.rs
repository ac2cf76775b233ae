//! How many spaces there are, and how many there may be: one limit, asked where spaces are made.

use std::sync::{Mutex, PoisonError};

use crate::domain::{Space, SpaceOrigin};

/// How many spaces there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceLimits {
    /// In all.
    pub all: u32,
    /// Of those that anonymous callers make.
    pub anonymous: u32,
}

impl SpaceLimits {
    /// As many as anybody likes.
    pub const NONE: SpaceLimits = SpaceLimits {
        all: u32::MAX,
        anonymous: u32::MAX,
    };
}

/// There are as many spaces as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooManySpacesError {
    /// In all.
    #[error("there are {0} spaces already; delete some first")]
    All(u32),
    /// Of anonymous callers.
    #[error("anonymous callers have {0} spaces already, which is their share; ask the operator for one")]
    Anonymous(u32),
}

/// The count of spaces, and its limits.
#[derive(Debug)]
pub(super) struct Census {
    limits: SpaceLimits,
    counts: Mutex<Counts>,
}

/// How many spaces there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In all.
    pub all: u32,
    /// Of them, those that are open to whoever knows their id.
    pub open: u32,
}

impl Counts {
    /// One more.
    pub fn add(&mut self, origin: SpaceOrigin) {
        self.all = self.all.saturating_add(1);
        self.open = self.open.saturating_add(u32::from(origin == SpaceOrigin::Open));
    }

    fn less(&mut self, origin: SpaceOrigin) {
        self.all = self.all.saturating_sub(1);
        self.open = self.open.saturating_sub(u32::from(origin == SpaceOrigin::Open));
    }
}

impl Census {
    pub(super) fn new(limits: SpaceLimits) -> Census {
        Census {
            limits,
            counts: Mutex::default(),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Counts) -> T) -> T {
        act(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn counts(&self) -> Counts {
        self.with(|counts| *counts)
    }

    /// Puts the count right: a change that was counted and then not written is found out here.
    pub(super) fn recount(&self, found: Counts) {
        self.with(|counts| *counts = found);
    }

    /// Counts another space, unless there are too many; `is_anonymous` says whose share it is of.
    pub(super) fn admit(&self, origin: SpaceOrigin, is_anonymous: bool) -> Result<(), TooManySpacesError> {
        self.with(|counts| {
            if counts.all >= self.limits.all {
                return Err(TooManySpacesError::All(self.limits.all));
            }
            if is_anonymous && counts.open >= self.limits.anonymous {
                return Err(TooManySpacesError::Anonymous(self.limits.anonymous));
            }
            counts.add(origin);
            Ok(())
        })
    }

    pub(super) fn removed(&self, space: &Space) {
        self.with(|counts| counts.less(space.origin));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anonymous_callers_cannot_use_up_what_is_the_operators() {
        let census = Census::new(SpaceLimits { all: 5, anonymous: 2 });
        for _ in 0..2 {
            census.admit(SpaceOrigin::Open, true).unwrap();
        }
        assert_eq!(
            census.admit(SpaceOrigin::Open, true),
            Err(TooManySpacesError::Anonymous(2))
        );
        for _ in 0..3 {
            census.admit(SpaceOrigin::Operator, false).unwrap();
        }
        for is_anonymous in [true, false] {
            assert_eq!(
                census.admit(SpaceOrigin::Open, is_anonymous),
                Err(TooManySpacesError::All(5))
            );
        }
        assert_eq!(census.counts(), Counts { all: 5, open: 2 });
    }
}
