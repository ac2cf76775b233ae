//! LZF, as Redis packs texts with it: runs of literal bytes, and copies out of the last 8 KiB.

/// What is packed, when it is `whole` bytes long; `None` when it is not.
pub(super) fn open(packed: &[u8], whole: usize) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::with_capacity(whole.min(packed.len().saturating_mul(4)));
    let mut rest = packed;
    while let Some((control, behind)) = rest.split_first() {
        rest = behind;
        let high = usize::from(control >> 5);
        if high == 0 {
            let (run, behind) = rest.split_at_checked(usize::from(*control) + 1)?;
            rest = behind;
            out.extend_from_slice(run);
        } else {
            let mut length = high;
            if high == 7 {
                let (more, behind) = rest.split_first()?;
                (length, rest) = (length + usize::from(*more), behind);
            }
            let (low, behind) = rest.split_first()?;
            rest = behind;
            let back = (usize::from(control & 0x1f) << 8 | usize::from(*low)) + 1;
            let from = out.len().checked_sub(back)?;
            if out.len() + length + 2 > whole {
                return None;
            }
            // Byte by byte: what is copied may be what was just written.
            for place in from..from + length + 2 {
                out.push(out[place]);
            }
        }
        if out.len() > whole {
            return None;
        }
    }
    (out.len() == whole).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn copies_reach_into_themselves() {
        // "a", then 9 bytes from 1 back.
        assert_eq!(open(&[0, b'a', 7 << 5, 0, 0], 10).as_deref(), Some(&b"aaaaaaaaaa"[..]));
        assert_eq!(
            open(&[2, b'a', b'b', b'c', 1 << 5, 2], 6).as_deref(),
            Some(&b"abcabc"[..])
        );
        assert_eq!(open(&[1 << 5, 0], 3), None, "nothing stands before the beginning");
        assert_eq!(open(&[5, b'a'], 6), None, "a run that is cut");
        assert_eq!(open(&[0, b'a'], 2), None, "shorter than declared");
    }

    proptest! {
        #[test]
        fn any_bytes_are_opened_or_refused_and_never_more_than_declared(packed in proptest::collection::vec(any::<u8>(), 0..200), whole in 0usize..4096) {
            if let Some(out) = open(&packed, whole) { prop_assert_eq!(out.len(), whole) }
        }

        #[test]
        fn literal_runs_come_out_as_they_went_in(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let packed: Vec<u8> = text.chunks(32).flat_map(|run| [&[u8::try_from(run.len() - 1).unwrap()], run].concat()).collect();
            prop_assert_eq!(open(&packed, text.len()), Some(text));
        }
    }
}
