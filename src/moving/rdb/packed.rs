//! Small hashes in one piece: listpacks (Redis 7) and ziplists (before), each a row of texts and numbers.

/// The texts of a listpack; numbers as their digits. `None` when it is none.
pub(super) fn listpack(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (head, mut rest) = bytes.split_first_chunk::<6>()?;
    let declared = u32::from_le_bytes(*head.first_chunk()?);
    if u32::try_from(bytes.len()).ok()? != declared {
        return None;
    }
    let mut texts = Vec::new();
    loop {
        let (first, behind) = rest.split_first()?;
        let first = *first;
        if first == 0xff {
            return behind.is_empty().then_some(texts);
        }
        let before = rest.len();
        let (text, behind) = match first {
            0x00..=0x7f => (digits(i64::from(first)), behind),
            0x80..=0xbf => text(behind, usize::from(first & 0x3f))?,
            0xc0..=0xdf => {
                let (low, behind) = behind.split_first()?;
                let number = i64::from(first & 0x1f) << 8 | i64::from(*low);
                (
                    digits(if number >= 1 << 12 { number - (1 << 13) } else { number }),
                    behind,
                )
            }
            0xe0..=0xef => {
                let (low, behind) = behind.split_first()?;
                text(behind, usize::from(first & 0x0f) << 8 | usize::from(*low))?
            }
            0xf0 => {
                let (length, behind) = behind.split_first_chunk::<4>()?;
                text(behind, usize::try_from(u32::from_le_bytes(*length)).ok()?)?
            }
            0xf1 => number::<2>(behind)?,
            0xf2 => number::<3>(behind)?,
            0xf3 => number::<4>(behind)?,
            0xf4 => number::<8>(behind)?,
            _ => return None,
        };
        texts.push(text);
        // Behind it stands its own length, for those who read from the end.
        let own = before - behind.len();
        let back = match own {
            0..=127 => 1,
            128..=16_382 => 2,
            16_383..=2_097_150 => 3,
            2_097_151..=268_435_454 => 4,
            _ => 5,
        };
        rest = behind.get(back..)?;
    }
}

/// The texts of a ziplist; numbers as their digits. `None` when it is none.
pub(super) fn ziplist(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (head, mut rest) = bytes.split_first_chunk::<10>()?;
    let declared = u32::from_le_bytes(*head.first_chunk()?);
    if u32::try_from(bytes.len()).ok()? != declared {
        return None;
    }
    let mut texts = Vec::new();
    loop {
        let (before, behind) = rest.split_first()?;
        if *before == 0xff {
            return behind.is_empty().then_some(texts);
        }
        let behind = if *before == 0xfe { behind.get(4..)? } else { behind };
        let (first, behind) = behind.split_first()?;
        let (text, behind) = match *first {
            first @ 0x00..=0x3f => text(behind, usize::from(first))?,
            first @ 0x40..=0x7f => {
                let (low, behind) = behind.split_first()?;
                text(behind, usize::from(first & 0x3f) << 8 | usize::from(*low))?
            }
            0x80 => {
                let (length, behind) = behind.split_first_chunk::<4>()?;
                text(behind, usize::try_from(u32::from_be_bytes(*length)).ok()?)?
            }
            0xc0 => number::<2>(behind)?,
            0xd0 => number::<4>(behind)?,
            0xe0 => number::<8>(behind)?,
            0xf0 => number::<3>(behind)?,
            0xfe => number::<1>(behind)?,
            first @ 0xf1..=0xfd => (digits(i64::from(first & 0x0f) - 1), behind),
            _ => return None,
        };
        texts.push(text);
        rest = behind;
    }
}

fn digits(number: i64) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn text(rest: &[u8], length: usize) -> Option<(Vec<u8>, &[u8])> {
    let (text, behind) = rest.split_at_checked(length)?;
    Some((text.to_vec(), behind))
}

/// A signed number of `N` bytes, the lowest first.
fn number<const N: usize>(rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (bytes, behind) = rest.split_first_chunk::<N>()?;
    let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
    let mut whole = [if negative { 0xff } else { 0 }; 8];
    whole[..N].copy_from_slice(bytes);
    Some((digits(i64::from_le_bytes(whole)), behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(mut entries: Vec<u8>, head: usize) -> Vec<u8> {
        entries.push(0xff);
        let length = u32::try_from(entries.len() + head).unwrap();
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.resize(head, 0);
        bytes.extend(entries);
        bytes
    }

    #[test]
    fn numbers_of_every_length_are_read() {
        let entries = [
            &[5u8, 1][..],
            &[0xdf, 0xff, 2],
            &[0xf1, 0x00, 0x80, 3],
            &[0xf2, 0xff, 0xff, 0x7f, 4],
            &[0xf3, 1, 0, 0, 0, 5],
            &[0xf4, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 9],
            &[0x82, b'h', b'i', 3],
        ];
        let texts = listpack(&whole(entries.concat(), 6)).unwrap();
        let texts: Vec<_> = texts.iter().map(|text| std::str::from_utf8(text).unwrap()).collect();
        assert_eq!(texts, ["5", "-1", "-32768", "8388607", "1", "-2", "hi"]);
        let entries = [
            &[0u8, 0xf1][..],
            &[2, 0xfd],
            &[2, 0xfe, 0x80],
            &[3, 0xc0, 0xe8, 0x03],
            &[4, 0xf0, 0, 0, 0x80],
            &[0xfe, 5, 0, 0, 0, 0x02, b'h', b'i'],
        ];
        let texts = ziplist(&whole(entries.concat(), 10)).unwrap();
        let texts: Vec<_> = texts.iter().map(|text| std::str::from_utf8(text).unwrap()).collect();
        assert_eq!(texts, ["0", "12", "-128", "1000", "-8388608", "hi"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_texts_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..120), sized: bool) {
            if let (true, Some(head)) = (sized, bytes.first_chunk_mut::<4>()) {
                *head = [0; 4];
                let length = u32::try_from(bytes.len()).unwrap();
                bytes[..4].copy_from_slice(&length.to_le_bytes());
            }
            for texts in [listpack(&bytes), ziplist(&bytes)].into_iter().flatten() {
                prop_assert!(texts.len() <= bytes.len());
            }
        }
    }
}
