//! `export`: what the box has, as files to take along (MOVE §7).

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hyper::Method;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::reach::block_on;
use super::{CliError, Common, print};
use crate::admin::{CLOSED, Client, ClientError, Form};
use crate::domain::{MeterId, given};
use crate::files::{self, Readers, Unfinished};

/// A table that is taken along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Table {
    /// The registry of meters
    Meters,
    /// What their registers showed, each moment that is kept
    Readings,
    /// Codes that were sent to meters, and what became of them; never the codes
    Topups,
    /// Spaces as they are now
    Spaces,
    /// How many people were in each space, for each hour in which that changed
    Counts,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Columns for a spreadsheet
    Csv,
    /// An object a line
    Ndjson,
}

#[derive(Args)]
pub(super) struct Export {
    /// The first day, where the house stands
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = given::day)]
    from: Date,
    /// The last day, which is among them
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = given::day)]
    to: Date,
    /// How rows are written
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// Write a file for each table into this folder; files that are there are not replaced
    #[arg(long, value_name = "DIR", required_unless_present = "only")]
    out: Option<PathBuf>,
    /// This table alone, without --out on standard output
    #[arg(long, value_enum, value_name = "TABLE")]
    only: Option<Table>,
    /// Meters, readings and top-ups of this meter alone, which may have been removed
    #[arg(long, value_name = "SERIAL")]
    meter: Option<MeterId>,
}

impl Table {
    const ALL: [Table; 5] = [
        Table::Meters,
        Table::Readings,
        Table::Topups,
        Table::Spaces,
        Table::Counts,
    ];

    fn name(self) -> &'static str {
        match self {
            Table::Meters => "meters",
            Table::Readings => "readings",
            Table::Topups => "topups",
            Table::Spaces => "spaces",
            Table::Counts => "counts",
        }
    }
}

impl Export {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        block_on(async {
            let client = common.running().await?;
            match &self.out {
                Some(out) => self.write_files(common, &client, out).await,
                None => self.to_stdout(&client).await,
            }
        })
    }

    fn form(&self) -> Form {
        match self.format {
            Format::Csv => Form::Csv,
            Format::Ndjson => Form::Ndjson,
        }
    }

    fn path(&self, table: Table) -> String {
        let meter = self
            .meter
            .as_ref()
            .map(|meter| format!("&meter={meter}"))
            .unwrap_or_default();
        let (name, form) = (table.name(), self.form().name());
        format!("/export/{name}?from={}&to={}&form={form}{meter}", self.from, self.to)
    }

    async fn write_files(&self, common: &Common, client: &Client, out: &Path) -> Result<(), CliError> {
        files::make_private(out).map_err(CliError::failed)?;
        let mut written: Vec<Value> = Vec::new();
        for table in Table::ALL
            .into_iter()
            .filter(|table| self.only.is_none_or(|only| only == *table))
        {
            let file = out.join(format!("{}.{}", table.name(), self.form().name()));
            if file.symlink_metadata().is_ok() {
                return Err(CliError::refused(format_args!("{} is there already", file.display()))
                    .hint("another --out, or move it away"));
            }
            let mut unfinished = Unfinished::create(&file, Readers::Owner).map_err(CliError::failed)?;
            let into = (file.as_path(), unfinished.file());
            let bytes = match client
                .fetch_into(Method::GET, &self.path(table), None, into, |_| {})
                .await
            {
                Ok(bytes) => bytes,
                // A room that is closed has nothing to take along, unless it was asked for by name.
                Err(ClientError::Refused { kind, detail, .. }) if kind == CLOSED && self.only.is_none() => {
                    print::note(format_args!("no {}: {detail}", table.name()));
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            unfinished.finish_new().map_err(CliError::failed)?;
            if common.json {
                written.push(json!({ "table": table.name(), "file": file, "bytes": bytes }));
            } else {
                print::line(format_args!("{}: {bytes} bytes", file.display()));
            }
        }
        if common.json {
            print::json(&written);
        }
        Ok(())
    }

    async fn to_stdout(&self, client: &Client) -> Result<(), CliError> {
        let table = self.only.expect("without a folder the command line demands one table");
        let stdout = io::stdout();
        let name = Path::new("standard output");
        let path = self.path(table);
        let done = if stdout.is_terminal() {
            let mut shown = Escaped(Vec::new());
            let done = client
                .fetch_into(Method::GET, &path, None, (name, &mut shown), |_| {})
                .await;
            let _ = shown.flush();
            done
        } else {
            let file = stdout.as_fd().try_clone_to_owned().map_err(CliError::failed)?;
            let mut file = File::from(file);
            client
                .fetch_into(Method::GET, &path, None, (name, &mut file), |_| {})
                .await
        };
        match done {
            Ok(_) => Ok(()),
            // A reader that went away (`| head`) is no fault.
            Err(ClientError::Written { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whole lines for a terminal, in which nothing steers it.
struct Escaped(Vec<u8>);

impl Write for Escaped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        while let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.0.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line);
            print::line(format_args!("{}", text.trim_end_matches(['\r', '\n'])));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.0.is_empty() {
            let text = String::from_utf8_lossy(&self.0).into_owned();
            self.0.clear();
            print::line(format_args!("{text}"));
        }
        Ok(())
    }
}
