//! The standard's examples, any bytes, any cuts.

use proptest::prelude::*;

use super::*;

/// All that comes out of `parts`, at most `most` at a time and `limit` in all.
fn inflated(parts: &[&[u8]], most: usize, limit: usize) -> Result<Vec<u8>, DeflateError> {
    let (mut inflater, mut whole) = (Inflater::default(), Vec::new());
    for (place, part) in parts.iter().enumerate() {
        let (mut part, ends) = (*part, place + 1 == parts.len());
        loop {
            let mut out = Vec::new();
            let drawn = inflater.inflate(part, ends, &mut out, most)?;
            assert!(out.len() <= most && drawn.taken <= part.len());
            assert!(drawn.is_dry || out.len() == most);
            part = &part[drawn.taken..];
            whole.extend(out);
            if drawn.is_dry || whole.len() > limit {
                break;
            }
        }
    }
    Ok(whole)
}

fn deflated(pieces: &[&[u8]], window: u8) -> Vec<u8> {
    let mut deflater = Deflater::new(window);
    let last = pieces.len() - 1;
    let pieces = pieces.iter().enumerate();
    pieces
        .flat_map(|(place, piece)| deflater.deflate(piece, place == last))
        .collect()
}

#[test]
fn the_examples_of_the_standard_are_read() {
    // RFC 7692 §7.2.3.1, .3, .4, .5 and .6; .2 takes a context over, which we have nobody do.
    for example in [
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..],
        &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        &[
            0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
        ],
    ] {
        assert_eq!(inflated(&[example], 64, 64).unwrap(), b"Hello", "{example:x?}");
        for at in 0..=example.len() {
            let (first, second) = example.split_at(at);
            assert_eq!(
                inflated(&[first, second], 2, 64).unwrap(),
                b"Hello",
                "{example:x?} at {at}"
            );
        }
    }
    assert_eq!(inflated(&[&[0x00]], 64, 64).unwrap(), b"");
    // Known compressors write the first example so.
    assert_eq!(deflated(&[b"Hello"], 15), [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
}

#[test]
fn what_no_compressor_writes_is_an_error() {
    // A block of the fourth kind; a stored block whose length does not fit its complement; a reach too far back.
    for bytes in [&[0x07][..], &[0x00, 0x05, 0x00, 0x00, 0x00], &[0x02, 0x02, 0x00]] {
        assert_eq!(inflated(&[bytes], 64, 64), Err(DeflateError), "{bytes:x?}");
    }
}

#[test]
fn a_bomb_comes_out_as_slowly_as_it_is_wanted() {
    let zeros = vec![0; 16 << 20];
    let bomb = deflated(&zeros.chunks(64 << 10).collect::<Vec<_>>(), 15);
    assert!(bomb.len() < 256 << 10, "{} bytes", bomb.len());
    let (mut inflater, mut out) = (Inflater::default(), Vec::new());
    let drawn = inflater.inflate(&bomb, true, &mut out, 1_000).unwrap();
    assert_eq!((out, drawn.is_dry), (vec![0; 1_000], false));
    assert_eq!(inflated(&[&bomb], 64 << 10, 32 << 20).unwrap().len(), zeros.len());
}

proptest! {
    #[test]
    fn any_bytes_are_answered_and_never_with_more_than_is_wanted(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), most in 1_usize..5_000, cut in 1_usize..50,
    ) {
        let parts: Vec<&[u8]> = bytes.chunks(cut).collect();
        let _ = inflated(&parts, most, 100_000);
    }

    #[test]
    fn what_is_compressed_reads_back_however_it_was_cut(
        (words, noise) in (proptest::collection::vec("[a-d]{0,40}", 0..200), proptest::collection::vec(any::<u8>(), 0..3_000)),
        (piece, cut) in (1_usize..4_000, 1_usize..900), window in 9_u8..=15, most in 1_usize..70_000,
    ) {
        let whole = [words.concat().into_bytes(), noise].concat();
        let mut pieces: Vec<&[u8]> = whole.chunks(piece).collect();
        pieces.push(&[]);
        let small = deflated(&pieces, window);
        prop_assert_eq!(inflated(&small.chunks(cut).collect::<Vec<_>>(), most, 1 << 20).unwrap(), whole.clone());
        // As a receiver with just that window reads it.
        let mut narrow = Decompress::new_with_window_bits(false, window);
        let mut read = Vec::with_capacity(whole.len() + 1);
        let closed = [&small[..], &TAIL].concat();
        narrow.decompress_vec(&closed, &mut read, FlushDecompress::Sync).unwrap();
        prop_assert_eq!(read, whole);
    }
}
