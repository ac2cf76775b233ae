//! The decoders' ways in for the fuzz targets in `tests/fuzz` and for property tests: any input is read or
//! refused, never a panic, and what was read holds together.

use super::emop::event_log::events;
use super::emop::identity::{firmware, text};
use super::emop::inferred::{Inferred, TwinVoltage};
use super::emop::intervals::Block;
use super::emop::message::Message;
use super::emop::profile_log::{BLOCK_BYTES, Elements, log_1, log_2};
use super::emop::value::Value;
use super::emop::{Frame, StreamDecoder, catalogue::Catalogue};
use super::mediator::messages;
use super::smip;

/// A stream: the first byte says how it is cut into pieces. Pieces make no difference, and every byte
/// is either in a frame, dropped, or still held.
pub fn stream(input: &[u8]) {
    let Some((&size, bytes)) = input.split_first() else {
        return;
    };
    let found = |piece: usize| {
        let (mut decoder, mut found) = (StreamDecoder::new(), Vec::new());
        for piece in bytes.chunks(piece.max(1)) {
            decoder.push(piece, |frame| found.push(frame.data.to_vec()));
        }
        decoder.finish(|frame| found.push(frame.data.to_vec()));
        let framed: usize = found.iter().map(|data| data.len() + 13).sum();
        assert_eq!(decoder.dropped() + framed as u64, bytes.len() as u64);
        found
    };
    assert_eq!(found(usize::from(size)), found(bytes.len()));
    if let Ok(frame) = Frame::decode(bytes) {
        let again = frame.encode().expect("what was decoded fits into a frame");
        assert_eq!(again, bytes[..again.len()]);
        let _ = Message::of(frame.data, &Inferred::default());
    }
}

/// A payload, read as every kind of object there is; what can be written is read back.
pub fn payload(input: &[u8]) {
    let inferred = Inferred::default();
    let catalogue = Catalogue::new(&inferred).expect("the proposals do not contradict one another");
    for object in catalogue.objects() {
        if let Ok(value) = Value::decode(object.kind, input, &inferred)
            && let Ok(written) = value.encode(object.kind)
        {
            assert_eq!(Value::decode(object.kind, &written, &inferred), Ok(value));
        }
    }
    let _ = (text(input), firmware(input));
}

/// A block of a profile log.
pub fn profile_log(input: &[u8]) {
    assert!(log_1(input, usize::MAX).is_ok_and(|records| records.len() <= 5) || input.len() < BLOCK_BYTES);
    let mut layout = Inferred::default().profile_log_2;
    for place in [TwinVoltage::Middle, TwinVoltage::Last] {
        layout.twin_voltage = place;
        for elements in [Elements::One, Elements::Two] {
            let twin = elements == Elements::Two;
            let read = log_2(input, elements, &layout);
            assert!(
                read.is_ok_and(|records| records.iter().all(|record| record.b.is_some() == twin)) || input.len() < 68
            );
        }
    }
}

/// The events of a reply.
pub fn event_log(input: &[u8]) {
    for event in events(input, &Inferred::default().event).into_iter().flatten() {
        let _ = (event.name(), event.at.moment());
    }
}

/// A block of three phase intervals.
pub fn intervals(input: &[u8]) {
    let layout = Inferred::default().intervals;
    if let Ok(block) = Block::decode(input, &layout) {
        for (at, row) in block.timed() {
            assert!(at >= block.start && row.values.len() == block.channels.len());
            assert!(row.flags(&layout).count() <= layout.status_bits.len());
        }
    }
}

/// A half-hour file, or its name.
pub fn half_hours(input: &str) {
    assert!(smip::read(input).all(|row| row.import_kwh >= 0.0 && row.export_kwh >= 0.0));
    for line in input.lines() {
        let _ = smip::heading(line);
        // What is taken at its word is read by the lenient reader too, where both values are there.
        if let Ok(Some(row)) = smip::line(line)
            && row.import.is_some()
            && row.export.is_some()
        {
            assert_eq!(smip::read(&format!("\n{line}")).count(), 1);
        }
    }
    if let Ok(name) = input.parse::<smip::Name>() {
        assert_eq!(name.to_string().parse(), Ok(name));
    }
}

/// A mediator's message of any type; what was read is written and read again.
pub fn messages(input: &[u8]) {
    fn twice<M: prost::Message + Default + PartialEq>(input: &[u8]) {
        if let Ok(message) = M::decode(input) {
            assert!(M::decode(message.encode_to_vec().as_slice()).is_ok_and(|again| again == message));
        }
    }
    twice::<messages::SendRawMessageRequest>(input);
    twice::<messages::ReadElementRequest>(input);
    twice::<messages::WriteElementRequest>(input);
    twice::<messages::GetInfoRequest>(input);
    twice::<messages::GetMetersRequest>(input);
    twice::<messages::SendRawMessageReply>(input);
    twice::<messages::ReadElementReply>(input);
    twice::<messages::WriteElementReply>(input);
    twice::<messages::GetInfoReply>(input);
    twice::<messages::GetMetersReply>(input);
}
