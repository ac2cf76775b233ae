//! Which of the frames on a line is the answer (EMOP §1.3, §1.4, §1.5).

use std::io;

use tokio::time::{Instant, timeout_at};

use crate::meter::emop::message::Message;
use crate::meter::emop::{Ack, Dialect, Frame, StreamDecoder};
use crate::meter::link::Line;

/// What was heard while no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Bytes in all.
    pub bytes: u64,
    /// Whole frames that were no answer: for somebody else, of an earlier request, about something else.
    pub other_frames: u32,
}

/// How listening ended.
pub(super) enum End {
    Quiet,
    Closed,
    Broken(io::Error),
}

/// Listens for the answer to one request, and to no other.
pub(super) struct Ear<'a> {
    decoder: StreamDecoder,
    judge: Judge<'a>,
    bytes: u64,
}

/// Tells the answer to a request from other frames.
struct Judge<'a> {
    request: &'a Frame<'a>,
    dialect: &'a Dialect,
    answer: Option<(Ack, Vec<u8>)>,
    other_frames: u32,
}

impl<'a> Ear<'a> {
    /// Before the first byte.
    pub(super) fn new(request: &'a Frame<'a>, dialect: &'a Dialect) -> Ear<'a> {
        let judge = Judge {
            request,
            dialect,
            answer: None,
            other_frames: 0,
        };
        Ear {
            decoder: StreamDecoder::new(),
            judge,
            bytes: 0,
        }
    }

    /// The meter's verdict and data field, once.
    pub(super) fn answer(&mut self) -> Option<(Ack, Vec<u8>)> {
        self.judge.answer.take()
    }

    /// What came, answer or not.
    pub(super) fn heard(&self) -> Traffic {
        Traffic {
            bytes: self.bytes,
            other_frames: self.judge.other_frames,
        }
    }

    /// Hears bytes until the answer is complete, the line ends or falls silent.
    pub(super) async fn listen(&mut self, line: &mut Line<'_>, until: Instant) -> End {
        let mut piece = [0; 512];
        while self.judge.answer.is_none() {
            let pause = line.byte_pause().filter(|_| self.decoder.pending() > 0);
            let patience = pause.map_or(until, |pause| until.min(Instant::now() + pause));
            let end = match timeout_at(patience, line.receive(&mut piece)).await {
                Ok(Ok(0)) => End::Closed,
                Ok(Err(error)) => End::Broken(error),
                Ok(Ok(count)) => {
                    self.bytes += count as u64;
                    self.decoder.push(&piece[..count], |frame| self.judge.see(&frame));
                    continue;
                }
                Err(_) => End::Quiet,
            };
            // What looked like a frame never ended; the answer may stand behind it.
            self.decoder.finish(|frame| self.judge.see(&frame));
            if patience == until || !matches!(end, End::Quiet) {
                return end;
            }
        }
        End::Quiet
    }
}

impl Judge<'_> {
    /// Takes a frame as the answer when it is one: for us, with the request's number, about the same
    /// thing. Our own request, which optical heads give back, is for somebody else.
    fn see(&mut self, frame: &Frame<'_>) {
        let (control, ack) = (frame.control, frame.control.ack());
        let ours = frame.destination == self.request.source && control.sequence() == self.request.control.sequence();
        // A meter that could not read the request cannot repeat its header.
        let unread = matches!(ack, Ack::CrcError | Ack::FormatError | Ack::LengthError);
        let fits = unread || Message::answers(frame.data, self.request.data, self.dialect.inferred());
        if ours && fits && self.answer.is_none() {
            self.answer = Some((ack, frame.data.to_vec()));
        } else {
            self.other_frames += 1;
        }
    }
}
