//! An answer that is written while it is sent: rows as CSV or a line of JSON each, and a connection that breaks when the
//! rest cannot be had.

use std::io;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::http::table::{Row, csv_row};

/// Bytes that are sent at once.
const PIECE: usize = 64 << 10;
/// Pieces that wait for a slow reader.
const AHEAD: usize = 2;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Columns for a spreadsheet (RFC 4180).
    Csv,
    /// An object a line.
    Ndjson,
}

impl Form {
    /// The word for it, which ends the names of files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Ndjson => "ndjson",
        }
    }
}

/// Where rows are written.
pub(super) struct Into {
    form: Form,
    piece: Vec<u8>,
    sender: mpsc::Sender<Sent>,
}

/// What goes from the thread that writes to the one that sends.
enum Sent {
    Piece(Bytes),
    End,
    Broken(String),
}

/// No more rows are wanted, or there are none to be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// Whoever asked went away.
    #[error("whoever asked went away")]
    Away,
    /// The book could not be read.
    #[error("{0}")]
    Read(String),
}

impl Into {
    /// The heading of a table, where its form has one.
    pub(super) fn begin<R: Row>(&mut self) -> Result<(), Ended> {
        if self.form == Form::Csv {
            self.piece.extend_from_slice(R::COLUMNS.as_bytes());
            self.piece.extend_from_slice(b"\r\n");
        }
        Ok(())
    }

    pub(super) fn row<R: Row + Serialize>(&mut self, row: &R) -> Result<(), Ended> {
        match self.form {
            Form::Csv => self.piece.extend_from_slice(csv_row(row).as_bytes()),
            Form::Ndjson => {
                serde_json::to_writer(&mut self.piece, row).map_err(|error| Ended::Read(error.to_string()))?;
                self.piece.push(b'\n');
            }
        }
        match self.piece.len() >= PIECE {
            true => self.send(),
            false => Ok(()),
        }
    }

    fn send(&mut self) -> Result<(), Ended> {
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        self.sender.blocking_send(Sent::Piece(piece)).map_err(|_| Ended::Away)
    }
}

/// An answer with what `write` writes, on a thread that may wait for the disk and for the reader.
pub(super) fn answer(form: Form, write: impl FnOnce(&mut Into) -> Result<(), Ended> + Send + 'static) -> Response {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let mut into = Into {
        form,
        piece: Vec::with_capacity(PIECE + 1024),
        sender,
    };
    tokio::task::spawn_blocking(move || {
        let last = match write(&mut into).and_then(|()| into.send()) {
            Ok(()) => Sent::End,
            Err(Ended::Away) => return,
            Err(error) => {
                tracing::error!(%error, "a table was not written to its end");
                Sent::Broken(error.to_string())
            }
        };
        // Whoever went away meanwhile misses nothing.
        let _ = into.sender.blocking_send(last);
    });
    let pieces = stream::unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Sent::Piece(piece)) => Some((Ok(piece), Some(receiver))),
            Some(Sent::End) => None,
            // What stops in the middle must not pass for a whole table.
            Some(Sent::Broken(why)) => Some((Err(io::Error::other(why)), None)),
            None => Some((Err(io::Error::other("the work broke")), None)),
        }
    });
    Body::from_stream(pieces).into_response()
}
