//! Dumps put together byte by byte, as the versions of Redis since 2.8 write them.

use super::{Found, Held, Rdb, RdbError};

/// A text with its length before it.
fn text(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

/// A hash in one piece of before Redis 7.
fn ziplist(texts: &[&[u8]]) -> Vec<u8> {
    let mut entries = Vec::new();
    let mut before = 0u8;
    for one in texts {
        let entry = [&[before, u8::try_from(one.len()).unwrap()], *one].concat();
        before = u8::try_from(entry.len()).unwrap();
        entries.extend(entry);
    }
    entries.push(0xff);
    let mut whole = u32::try_from(entries.len() + 10).unwrap().to_le_bytes().to_vec();
    whole.extend([0; 4]);
    whole.extend(u16::try_from(texts.len()).unwrap().to_le_bytes());
    [whole, entries].concat()
}

/// Many kinds of values, with hashes among them.
pub(in crate::moving) fn sample() -> Vec<u8> {
    let zip = ziplist(&[b"space_id", b"x", b"occupancy_current", b"7"]);
    let zip_length = [0x40, u8::try_from(zip.len()).unwrap()];
    let parts: Vec<Vec<u8>> = vec![
        b"REDIS0009".to_vec(),
        [&[0xfa][..], &text(b"ctime"), &[0xc2], &1_600_000_000i32.to_le_bytes()].concat(),
        vec![0xfe, 0, 0xfb, 3, 1],
        // A text, a list, a sorted set with an infinite score and one in digits.
        [&[0][..], &text(b"t"), &[0xc3, 4, 10], &[0, b'a', 0xe0, 0]].concat(),
        [&[1][..], &text(b"l"), &[2], &text(b"a"), &[0xc1, 1, 2]].concat(),
        [
            &[3][..],
            &text(b"z"),
            &[2],
            &text(b"a"),
            &[254],
            &text(b"b"),
            &text(b"1.5"),
        ]
        .concat(),
        // What a module wrote, and wrote beside.
        [&[7][..], &text(b"m"), &[5, 2, 9, 5], &text(b"v"), &[4], &[0; 8], &[0]].concat(),
        vec![0xf7, 5, 2, 1, 3, 0, 0, 0, 0, 0],
        // Read rarely, and soon dead: a hash in one piece.
        [
            &[0xf8, 9, 0xfc][..],
            &1_600_000_000_500u64.to_le_bytes(),
            &[13],
            &text(b"k"),
            &zip_length,
            &zip,
        ]
        .concat(),
        // Field by field, with numbers as such.
        [
            &[0xf9, 9, 4][..],
            &text(b"h"),
            &[2],
            &text(b"a"),
            &[0xc0, 0xfe],
            &[0xc0, 5],
            &text(b"b"),
        ]
        .concat(),
        vec![0xfe, 1],
        [&[0xfd][..], &7u32.to_le_bytes(), &[2], &text(b"s"), &[1], &text(b"a")].concat(),
        [vec![0xff], vec![0; 8]].concat(),
    ];
    parts.concat()
}

fn all(bytes: &[u8]) -> Result<(Vec<Found>, Option<u64>), RdbError> {
    let mut dump = Rdb::new(bytes)?;
    let mut found = Vec::new();
    while let Some(one) = dump.next_key()? {
        found.push(one);
    }
    Ok((found, dump.made()))
}

fn fields(pairs: &[(&[u8], &[u8])]) -> Held {
    Held::Hash(
        pairs
            .iter()
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect(),
    )
}

#[test]
fn every_kind_of_value_is_read_or_passed_over() {
    let (found, made) = all(&sample()).unwrap();
    assert_eq!(made, Some(1_600_000_000));
    let keys: Vec<_> = found
        .iter()
        .map(|one| std::str::from_utf8(one.key.as_deref().unwrap()).unwrap())
        .collect();
    assert_eq!(keys, ["t", "l", "z", "m", "k", "h", "s"]);
    let [.., zip, hash, other] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(zip.held, fields(&[(b"space_id", b"x"), (b"occupancy_current", b"7")]));
    assert_eq!(zip.expires, Some(1_600_000_000_500));
    assert_eq!(hash.held, fields(&[(b"a", b"-2"), (b"5", b"b")]));
    assert_eq!((hash.expires, hash.database), (None, 0));
    assert_eq!((other.expires, other.database), (Some(7_000), 1));
}

#[test]
fn what_is_no_whole_dump_is_refused_by_what_it_is() {
    let whole = sample();
    for cut in 0..whole.len() {
        let error = all(&whole[..cut]).unwrap_err();
        assert!(matches!(error, RdbError::Magic | RdbError::Cut(_)), "{cut}: {error}");
    }
    let sum = whole.len() - 8;
    let mut wrong = whole.clone();
    wrong[sum] = 1;
    assert!(matches!(all(&wrong), Err(RdbError::Sum)));
    assert!(matches!(all(&[&whole[..], b"*1"].concat()), Err(RdbError::Commands(_))));
    assert!(matches!(all(b"*2\r\n$6\r\nSELECT\r\n"), Err(RdbError::CommandLog)));
    assert!(matches!(all(b"SQLite format 3"), Err(RdbError::Magic)));
    assert!(matches!(all(b"REDIS0011\x63\x01a"), Err(RdbError::Unknown { .. })));
    // Before version 5 there was no sum, and Valkey has a name of its own.
    assert_eq!(all(b"REDIS0004\xff").unwrap().0, []);
    assert_eq!(all(b"VALKEY080\xff\0\0\0\0\0\0\0\0").unwrap().0, []);
}

#[test]
fn lengths_that_are_declared_are_not_believed() {
    // A hash of 2^63 fields, a text of 2^63 bytes, one that would be 4 GB when it is opened.
    let long = [&[0x81][..], &(1u64 << 63).to_be_bytes()].concat();
    let giant = [&[0x80][..], &u32::MAX.to_be_bytes()].concat();
    for bytes in [
        [&b"REDIS0011\x04\x01k"[..], &long].concat(),
        [&b"REDIS0011\x00"[..], &long].concat(),
        [&b"REDIS0011\x04\x01k\x01\x01a\xc3\x02"[..], &giant, &[0, b'a']].concat(),
        [&b"REDIS0011\x10\x01k\xc3"[..], &giant, &giant, &[0, b'a']].concat(),
    ] {
        assert!(matches!(all(&bytes), Err(RdbError::Cut(_))), "{bytes:?}");
    }
    let large = [
        &b"REDIS0011\x04\x01k\x01\x01a\xc3\x02"[..],
        &giant,
        &[0, b'a', 0xff],
        &[0; 8],
    ]
    .concat();
    assert_eq!(all(&large).unwrap().0[0].held, Held::LargeHash);
}
