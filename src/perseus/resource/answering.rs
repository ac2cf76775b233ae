//! An answer on its way: half-hours in pieces, each only while the permission still lets them out, and at the end a record
//! that is on disk before it leaves (PER §6.4, PER §7).

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::filter::{Filter, word};
use super::super::half_hours::HalfHour;
use super::super::ledger::{self, FetchRow, RecordRow, Signed};
use super::super::pass::Pass;
use super::super::period::Period;
use super::super::provenance::{Completeness, Names, Origin, Parameters, Permission, Steps, Transfer};
use super::super::room::Perseus;
use super::super::rows::PermissionRow;
use super::super::signing_files::Ready;
use super::format::Format;
use crate::domain::{Interval, Measure, Register};
use crate::store::ReadError;

/// A piece is sent when it has so many bytes.
const PIECE: usize = 32 << 10;

/// What an answer is made of.
pub(super) struct Asked {
    pub(super) pass: Pass,
    pub(super) permission: PermissionRow,
    pub(super) filter: Filter,
    pub(super) measure: Measure,
    pub(super) period: Period,
    pub(super) registers: Vec<Register>,
    pub(super) stretches: Vec<Range<Timestamp>>,
    pub(super) format: Format,
    pub(super) ready: Arc<Ready>,
    /// The name of the exchange.
    pub(super) transaction: String,
    /// The id of the origin step.
    pub(super) origin: String,
}

/// An answer that cannot be ended: what was sent of it is reset, and looks like no whole one.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("what it rests on ended meanwhile")]
    Ended,
    /// Asked again, it may be whole.
    #[error("the room was configured anew or stops, or the clock is not believed any more")]
    NotNow,
    #[error("the readings cannot be read: {0}")]
    Read(#[from] ReadError),
    #[error("the record was not signed or not kept: {0}")]
    Record(String),
}

/// An answer on its way.
pub(super) struct Answering {
    room: Arc<Perseus>,
    asked: Asked,
    rows: Box<dyn Iterator<Item = Result<Interval, ReadError>> + Send>,
    began: bool,
    /// The part of time that is read.
    read: (Timestamp, Timestamp),
    /// The place of the row that says that it was begun.
    fetch: Option<u64>,
    /// Where a gap began that goes on.
    gap: Option<(Timestamp, Timestamp)>,
    hash: Context,
    half_hours: u64,
    not_measured: u64,
    taken: Option<(Timestamp, Timestamp)>,
}

/// A piece of an answer.
pub(super) struct Piece {
    pub(super) bytes: String,
    /// Whether the record comes next.
    pub(super) last: bool,
}

impl Answering {
    pub(super) fn new(room: Arc<Perseus>, asked: Asked, now: Timestamp) -> Answering {
        // What is to come is not there; it is missing from what was asked for.
        let past = asked
            .stretches
            .iter()
            .map(|stretch| stretch.start..stretch.end.min(now));
        let past: Vec<_> = past.filter(|stretch| stretch.start < stretch.end).collect();
        let read = (
            past.first().map_or(asked.period.from, |stretch| stretch.start),
            past.last().map_or(asked.period.from, |stretch| stretch.end),
        );
        let rows = Box::new(room.through(&asked.filter, &asked.registers, past));
        Answering {
            read,
            fetch: None,
            room,
            asked,
            rows,
            began: false,
            gap: None,
            hash: Context::new(&SHA256),
            half_hours: 0,
            not_measured: 0,
            taken: None,
        }
    }

    /// The next piece. Reads the disk: a thread that may block.
    pub(super) fn piece(&mut self) -> Result<Piece, Broken> {
        let mut bytes = String::new();
        if self.began {
            self.must_still_stand()?;
        } else {
            bytes += self.asked.format.head();
            self.began = true;
        }
        while bytes.len() < PIECE {
            let Some(one) = self.rows.next() else {
                self.end_gap(&mut bytes);
                bytes += self.asked.format.tail();
                self.hash.update(bytes.as_bytes());
                return Ok(Piece { bytes, last: true });
            };
            self.add(&one?, &mut bytes);
        }
        self.hash.update(bytes.as_bytes());
        Ok(Piece { bytes, last: false })
    }

    fn must_still_stand(&self) -> Result<(), Broken> {
        let Asked {
            pass,
            filter,
            measure,
            period,
            ..
        } = &self.asked;
        // What was configured since is another room's, which this answer does not ask.
        if self.room.over.load(Ordering::Acquire) {
            return Err(Broken::NotNow);
        }
        let now = self.room.now().map_err(|_| Broken::NotNow)?;
        let allowance = pass.allowance(&self.room, now)?.ok_or(Broken::Ended)?;
        let filter = allowance.filter(&filter.source, *measure).ok_or(Broken::Ended)?;
        match allowance.stretches(filter, *period, now) == self.asked.stretches {
            true => Ok(()),
            false => Err(Broken::Ended),
        }
    }

    fn add(&mut self, one: &Interval, bytes: &mut String) {
        let Some(known) = HalfHour::of(one) else {
            let end = one.until();
            self.gap = match self.gap.take() {
                Some((from, to)) if to == one.from => Some((from, end)),
                earlier => {
                    self.gap = earlier;
                    self.end_gap(bytes);
                    Some((one.from, end))
                }
            };
            return;
        };
        self.end_gap(bytes);
        self.asked.format.row(&known, self.half_hours == 0, bytes);
        self.half_hours += 1;
        self.not_measured += u64::from(!known.measured);
        let (first, last) = self.taken.unwrap_or((known.taken, known.taken));
        self.taken = Some((first.min(known.taken), last.max(known.taken)));
    }

    fn end_gap(&mut self, bytes: &mut String) {
        if let Some(gap) = self.gap.take() {
            self.asked.format.gap(gap, bytes);
        }
    }

    /// Writes down that something goes out, before it does: whoever hangs up in the middle has fetched it all the same.
    pub(super) async fn begin(&mut self) -> Result<(), Broken> {
        let row = FetchRow {
            at: self.room.now().map_err(|_| Broken::NotNow)?,
            source: self.asked.filter.source.clone(),
            measure: self.asked.measure,
            from: self.asked.period.from,
            to: self.asked.period.to,
            half_hours: self.half_hours,
            origin: self.asked.origin.clone(),
            whole: false,
        };
        let permission = self.asked.permission.id.clone();
        let written = self
            .room
            .store
            .write(move |page| ledger::fetched_on(page, &permission, &row))
            .await;
        self.fetch = Some(written.map_err(|error| Broken::Record(error.to_string()))?);
        Ok(())
    }

    /// Signs what went out, keeps what stands behind it, and answers what is left to send.
    pub(super) async fn seal(self) -> Result<String, Broken> {
        let broken = |error: &dyn std::fmt::Display| Broken::Record(error.to_string());
        self.must_still_stand()?;
        let now = self.room.now().map_err(|_| Broken::NotNow)?;
        let asked_for = self.asked.period.half_hours();
        let completeness = match (self.half_hours < asked_for, self.not_measured) {
            (true, _) => Completeness::Missing,
            (false, 1..) => Completeness::Substituted,
            (false, 0) => Completeness::Complete,
        };
        let steps = self.steps(completeness, now);
        let signing = &self.asked.ready.key;
        let framework = self.room.framework();
        let record = signing.sign(&framework, &steps, now).map_err(|error| broken(&error))?;
        let (asked, room) = (self.asked, self.room);
        let signed = Signed {
            origin: asked.origin,
            row: RecordRow {
                at: now,
                permission: asked.permission.id,
                transaction: asked.transaction,
                source: asked.filter.source,
                meter: asked.filter.meter,
                measure: asked.measure,
                registers: asked.registers,
                from: asked.period.from,
                to: asked.period.to,
                asked: asked_for,
                half_hours: self.half_hours,
                not_measured: self.not_measured,
                completeness,
                taken: self.taken,
                sha256: HEXLOWER.encode(self.hash.finish().as_ref()),
                signer: asked.ready.facts.serial.clone(),
            },
            day: now.to_zoned(TimeZone::UTC).date(),
            fetch: self.fetch,
            steps: (asked.format == Format::Csv).then(|| record.steps.clone()),
            certificates: record.certificates.clone().into_iter().collect(),
        };
        let written = room.store.write(move |page| ledger::signed_on(page, signed)).await;
        written.map_err(|error| broken(&error))?;
        let record = serde_json::to_value(&record).map_err(|error| broken(&error))?;
        Ok(asked.format.rest(&asked.filter.outcode, &record))
    }

    fn steps(&self, completeness: Completeness, now: Timestamp) -> Steps {
        let Asked {
            permission,
            measure,
            period,
            ..
        } = &self.asked;
        let licence = self
            .room
            .config
            .licence
            .iter()
            .find(|one| one.url == permission.licence);
        let (in_records, standard) = licence.map_or_else(
            || (permission.licence.clone(), permission.licence.clone()),
            |licence| (licence.in_records().to_owned(), licence.standard()),
        );
        Steps::new(
            &Names {
                scheme: self.room.scheme(),
            },
            &Permission {
                granted: permission.renewed,
                account: permission.account.clone(),
                licence: in_records.clone(),
                expires: permission.expires,
            },
            &Origin {
                id: self.asked.origin.clone(),
                origin: self.asked.ready.signer.application.clone(),
                licence: in_records.clone(),
                period: self.read,
                completeness,
                processing: "VirtualMeter".to_owned(),
            },
            &Transfer {
                to: permission.client.clone(),
                standard,
                licence: in_records,
                service: self.room.places.resource.clone(),
                parameters: Parameters {
                    measure: word(*measure),
                    from: period.from,
                    to: period.to,
                },
                transaction: self.asked.transaction.clone(),
            },
            now,
        )
    }
}

/// A record that is fetched by itself, put together again.
pub(super) fn record(room: &Perseus, origin: &str, permission: &str) -> Result<Option<Value>, ReadError> {
    let row = ledger::record(&room.store, origin)?;
    let Some(row) = row.filter(|row| row.permission == permission) else {
        return Ok(None);
    };
    let steps = ledger::record_steps(&room.store, origin)?;
    if steps.is_empty() {
        return Ok(None);
    }
    let mut certificates = HashMap::new();
    let mut wanted = vec![row.signer];
    while let Some(serial) = wanted.pop() {
        if let Some(entry) = ledger::record_signer(&room.store, &serial)? {
            wanted.extend(entry.iter().skip(1).cloned());
            certificates.insert(serial, entry);
        }
    }
    Ok(Some(serde_json::json!({
        "ib1:provenance": room.framework(), "origins": [origin], "steps": steps, "certificates": certificates,
    })))
}
