//! How long the uplink waits for what (UPLINK §1.1, §1.6, §2.3, §4.2, §4.3, §4.4). The box leaves it as
//! it is; tests of silence shorten it.

use std::time::Duration;

/// How long the uplink waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the broker's answer to the opening of a session.
    pub opening: Duration,
    /// For the answer to a ping.
    pub pong: Duration,
    /// For a message to be taken.
    pub taken: Duration,
    /// For subscriptions to be answered, before they are asked for again.
    pub subscribed: Duration,
    /// Before a subscription that was not granted is asked for again.
    pub refused: Duration,
    /// After the subscriptions stand, for operations without ids to come by themselves.
    pub claimed: Duration,
    pub token: Duration,
    /// The row of pauses between tries begins with this.
    pub away: Duration,
    /// And so after a fault that only a person can mend.
    pub trust: Duration,
    /// A session shorter than this looks as if somebody else used our name; twice as long is a stable one.
    pub short: Duration,
    /// How often the box says how it is.
    pub health: Duration,
    /// How often a space says how many are there, though nothing changed.
    pub counts: Duration,
    /// For an upload or a reading of the log.
    pub upload: Duration,
    /// Before the platform is asked for a certificate again.
    pub enrol: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        let seconds = Duration::from_secs;
        Patience {
            opening: seconds(10),
            pong: seconds(10),
            taken: seconds(30),
            subscribed: seconds(10),
            refused: seconds(30),
            claimed: seconds(5),
            token: seconds(10),
            away: seconds(1),
            trust: seconds(30),
            short: seconds(30),
            health: seconds(60),
            counts: seconds(300),
            upload: seconds(120),
            enrol: seconds(3_600),
        }
    }
}
