//! The checksum of a frame: CRC-16/CCITT-FALSE (EMOP §1.1).

const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000 == 0 {
                sum << 1
            } else {
                (sum << 1) ^ 0x1021
            };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}

/// The checksum of `bytes`. Over a part and its own checksum, high byte first, it is 0.
#[must_use]
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        (sum << 8) ^ TABLE[usize::from((sum >> 8) as u8 ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_published_check_value_comes_out() {
        assert_eq!(crc(b"123456789"), 0x29B1);
        assert_eq!(crc(b""), 0xFFFF);
    }

    proptest! {
        #[test]
        fn bytes_with_their_own_checksum_sum_to_nothing(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let sum = crc(&bytes);
            bytes.extend(sum.to_be_bytes());
            prop_assert_eq!(crc(&bytes), 0);
        }
    }
}
