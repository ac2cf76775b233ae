//! Chance that can be repeated: the same seed gives the same faults (splitmix64).

use super::Rate;

/// A source of choices.
#[derive(Clone, Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// True so often.
    pub(super) fn at(&mut self, rate: Rate) -> bool {
        // 53 bits are as fine as the rate is.
        let drawn = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        drawn < rate.0
    }

    /// Up to `most` bytes of anything.
    pub(super) fn bytes(&mut self, most: u64) -> Vec<u8> {
        let count = self.next() % (most + 1);
        (0..count).map(|_| self.next() as u8).collect()
    }
}
