//! The profile logs of single phase meters: cumulative registers at half hours (EMOP §6).

use super::inferred::{ProfileLog2Layout, TwinVoltage, VoltageBytes};
use super::message::ProfileLog;
use super::time::MeterTime;
use super::value::PayloadError;

/// Seconds from one record to the next.
pub const HALF_HOUR: u32 = 1_800;
/// Bytes of a reply's block, after the repeated moment.
pub const BLOCK_BYTES: usize = 80;
/// Records of log 1 that count. A fifth is there, well formed; what it is worth is not known (EMOP §6.2).
pub const LOG_1_RECORDS: usize = 4;

/// How many elements a meter measures, which decides how log 2 is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Elements {
    /// Element A.
    One,
    /// Elements A and B.
    Two,
}

/// A record's flags (EMOP §6.1): a little-endian word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Status(pub u16);

/// The flags by name, in the documents' order.
const FLAGS: [(&str, u16); 6] = [
    ("reset", 0x0001),
    ("valid_data", 0x8000),
    ("power_fail", 0x4000),
    ("minor_time_error", 0x2000),
    ("major_time_error", 0x1000),
    ("comms_error", 0x0800),
];

impl Status {
    /// Every flag, and whether it is set.
    pub fn flags(self) -> impl Iterator<Item = (&'static str, bool)> {
        FLAGS.iter().map(move |(name, bit)| (*name, self.0 & bit != 0))
    }

    /// Whether the meter vouches for the record.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self.0 & 0x8000 != 0
    }
}

/// One half hour of log 1: imports in Wh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record1 {
    pub at: MeterTime,
    pub status: Status,
    pub import_a: u32,
    pub import_b: u32,
}

/// One half hour of log 2: Wh and varh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record2 {
    /// The half hour's beginning.
    pub at: MeterTime,
    /// Its flags.
    pub status: Status,
    /// Element A.
    pub a: Log2Registers,
    /// Element B, where there is one.
    pub b: Option<Log2Registers>,
    /// As it came: its unit is not certain.
    pub voltage: u32,
}

/// What log 2 holds of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log2Registers {
    pub active_export: u32,
    pub reactive_import: u32,
    pub reactive_export: u32,
}

/// Takes words off the front of a record, whose length was checked.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn short(&mut self) -> u16 {
        let (word, rest) = self.0.split_first_chunk().expect("a record holds all of its words");
        self.0 = rest;
        u16::from_le_bytes(*word)
    }

    fn long(&mut self) -> u32 {
        let (word, rest) = self.0.split_first_chunk().expect("a record holds all of its words");
        self.0 = rest;
        u32::from_le_bytes(*word)
    }

    fn registers(&mut self) -> Log2Registers {
        Log2Registers {
            active_export: self.long(),
            reactive_import: self.long(),
            reactive_export: self.long(),
        }
    }
}

/// Bytes of a record, and how many a block has.
fn shape(log: ProfileLog, elements: Elements) -> (usize, usize) {
    match (log, elements) {
        (ProfileLog::One, _) => (14, LOG_1_RECORDS),
        (ProfileLog::Two, Elements::One) => (22, 3),
        (ProfileLog::Two, Elements::Two) => (34, 2),
    }
}

/// Seconds that one reply covers.
#[must_use]
pub fn span(log: ProfileLog, elements: Elements) -> u32 {
    let (_, records) = shape(log, elements);
    u32::try_from(records).expect("four at most") * HALF_HOUR
}

/// Cuts `count` records of `size` bytes out of a block.
fn records(block: &[u8], size: usize, count: usize) -> Result<impl Iterator<Item = Words<'_>>, PayloadError> {
    let needed = size * count;
    let whole = block.get(..needed).ok_or(PayloadError::Short {
        needed,
        held: block.len(),
    })?;
    // A record at moment 0 was never written.
    let written = |record: &&[u8]| record[..4] != [0; 4];
    Ok(whole.chunks_exact(size).filter(written).map(Words))
}

/// Reads the first `count` records of log 1, of which a block has room for five.
pub fn log_1(block: &[u8], count: usize) -> Result<Vec<Record1>, PayloadError> {
    let (size, _) = shape(ProfileLog::One, Elements::One);
    let read = |mut words: Words<'_>| Record1 {
        at: MeterTime(words.long()),
        status: Status(words.short()),
        import_a: words.long(),
        import_b: words.long(),
    };
    Ok(records(block, size, count.min(BLOCK_BYTES / size))?.map(read).collect())
}

/// Reads log 2.
pub fn log_2(block: &[u8], elements: Elements, layout: &ProfileLog2Layout) -> Result<Vec<Record2>, PayloadError> {
    let (size, count) = shape(ProfileLog::Two, elements);
    let voltage = |words: &mut Words<'_>| match layout.voltage_bytes {
        VoltageBytes::Four => words.long(),
        VoltageBytes::Two => words.long() & 0xFFFF,
    };
    let read = |mut words: Words<'_>| {
        let (at, status, a) = (MeterTime(words.long()), Status(words.short()), words.registers());
        let (b, voltage) = match (elements, layout.twin_voltage) {
            (Elements::One, _) => (None, voltage(&mut words)),
            (Elements::Two, TwinVoltage::Middle) => {
                let voltage = voltage(&mut words);
                (Some(words.registers()), voltage)
            }
            (Elements::Two, TwinVoltage::Last) => (Some(words.registers()), voltage(&mut words)),
        };
        Record2 {
            at,
            status,
            a,
            b,
            voltage,
        }
    };
    Ok(records(block, size, count)?.map(read).collect())
}

/// A moment in a record, whichever log it is of.
pub trait Stamped {
    /// The half hour's beginning.
    fn at(&self) -> MeterTime;
}

impl Stamped for Record1 {
    fn at(&self) -> MeterTime {
        self.at
    }
}

impl Stamped for Record2 {
    fn at(&self) -> MeterTime {
        self.at
    }
}

/// What a block says about the window that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window<R> {
    /// The records inside, by their own stamps.
    pub inside: Vec<R>,
    /// The first record lies so far ahead: nothing is held in between, so later windows before it are empty.
    pub next_held: Option<MeterTime>,
}

/// Keeps what lies from `from` to before `to`. A meter that holds nothing there answers with the next
/// records it holds, months ahead, or with its last, days behind (EMOP §6.4): neither is what was asked for.
#[must_use]
pub fn window<R: Stamped>(records: Vec<R>, from: MeterTime, to: MeterTime) -> Window<R> {
    let first = records.first().map(Stamped::at).filter(|first| *first >= to);
    let inside: Vec<R> = records
        .into_iter()
        .filter(|record| (from..to).contains(&record.at()))
        .collect();
    // One wrong date before right ones says nothing.
    let next_held = first.filter(|_| inside.is_empty());
    Window { inside, next_held }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(at: u32) -> Record1 {
        Record1 {
            at: MeterTime(at),
            status: Status(0x8000),
            import_a: 1,
            import_b: 2,
        }
    }

    #[test]
    fn records_of_another_time_are_dropped_and_told() {
        let (from, to) = (MeterTime(7_200), MeterTime(14_400));
        let inside = window([7_200, 9_000, 14_400].map(record).to_vec(), from, to);
        assert_eq!(
            inside,
            Window {
                inside: [7_200, 9_000].map(record).to_vec(),
                next_held: None
            }
        );
        let ahead = window(vec![record(9_000_000)], from, to);
        assert_eq!((ahead.inside.len(), ahead.next_held), (0, Some(MeterTime(9_000_000))));
        let misdated = window([9_000_000, 9_000].map(record).to_vec(), from, to);
        assert_eq!((misdated.inside.len(), misdated.next_held), (1, None));
        let behind = window(vec![record(1_800)], from, to);
        assert_eq!((behind.inside.len(), behind.next_held), (0, None));
    }

    #[test]
    fn a_twins_voltage_stands_where_the_table_says() {
        let mut block = [0u8; BLOCK_BYTES];
        for (place, byte) in block.iter_mut().enumerate() {
            *byte = place as u8;
        }
        let word = |at: u8| u32::from_le_bytes([at, at + 1, at + 2, at + 3]);
        let mut layout = ProfileLog2Layout::default();
        let twin = log_2(&block, Elements::Two, &layout).unwrap()[0];
        assert_eq!((twin.voltage, twin.b.unwrap().active_export), (word(18), word(22)));
        layout.twin_voltage = TwinVoltage::Last;
        let twin = log_2(&block, Elements::Two, &layout).unwrap()[0];
        assert_eq!((twin.voltage, twin.b.unwrap().active_export), (word(30), word(18)));
        layout.voltage_bytes = VoltageBytes::Two;
        assert_eq!(
            log_2(&block, Elements::One, &layout).unwrap()[0].voltage,
            word(18) & 0xFFFF
        );
    }

    proptest! {
        #[test]
        fn any_block_is_read_or_refused(block in proptest::collection::vec(any::<u8>(), 0..90), count in 0usize..9) {
            prop_assert_eq!(log_1(&block, count).is_ok(), block.len() >= 14 * count.min(5));
            for (elements, needed) in [(Elements::One, 66), (Elements::Two, 68)] {
                prop_assert_eq!(log_2(&block, elements, &ProfileLog2Layout::default()).is_ok(), block.len() >= needed);
            }
        }
    }
}
