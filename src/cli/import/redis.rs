//! `import redis`: the spaces of the old people counter, out of a dump of its Redis (MOVE §4).

use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::Path;
use std::process::ExitCode;

use super::report::{Place, Report};
use super::sending::{Ended, Sending, ended};
use super::source;
use super::what::What;
use crate::cli::reach::block_on;
use crate::cli::{CliError, Common};
use crate::moving::counted::Counted;
use crate::moving::rdb::{Found, Held, Rdb, RdbError};
use crate::occupancy::bringing::Kept;

/// Spaces in one piece.
const AT_ONCE: usize = 500;

pub(super) fn run(common: &Common, what: &What) -> Result<ExitCode, CliError> {
    let mut report = Report::new("redis", what.dry_run, common);
    let shown = what.path.as_path();
    let mut file = source::named(shown)?;
    // Once to its end before anything is taken: a dump whose sum does not fit gives nothing.
    let made = whole(&file).map_err(|error| fault(shown, &error))?;
    file.rewind().map_err(|error| source::fault(shown, &error))?;
    block_on(async {
        let client = common.running().await?;
        let mut sending = Sending::new(&client, "/import/spaces", AT_ONCE)?;
        let sent = send((&file, shown), made, (&mut sending, &mut report)).await;
        ended(report, sent)
    })
}

/// Reads a dump to its end. Answers when it was made, in milliseconds since 1970, as far as it says so.
fn whole(file: &File) -> Result<Option<u64>, RdbError> {
    let mut dump = Rdb::new(BufReader::with_capacity(256 << 10, file))?;
    while dump.next_key()?.is_some() {}
    Ok(dump.made().map(|seconds| seconds.saturating_mul(1000)))
}

async fn send(
    (file, shown): (&File, &Path),
    made: Option<u64>,
    (sending, report): (&mut Sending<'_, Kept>, &mut Report),
) -> Result<(), Ended> {
    let wrong = |error: RdbError| fault(shown, &error);
    let mut dump = Rdb::new(BufReader::with_capacity(256 << 10, file)).map_err(wrong)?;
    let mut others = 0u64;
    while let Some(found) = dump.next_key().map_err(wrong)? {
        let place = Place {
            file: format!("{} (byte {})", shown.display(), found.at),
            line: None,
        };
        match space(&found, made) {
            Ok(Some(space)) => {
                let what = format!("space {} with {} of {}", space.id, space.current, space.maximum);
                sending.add(report, (place, what, space)).await?;
            }
            Ok(None) => others += 1,
            Err(why) => report.refuse(place, name(&found), why),
        }
    }
    if others > 0 {
        report.note(format!(
            "{others} keys of other databases were passed over: the people counter uses database 0"
        ));
    }
    sending.flush(report).await
}

/// The space that was found; `None`: it is another program's database.
fn space(found: &Found, made: Option<u64>) -> Result<Option<Kept>, String> {
    if found.database != 0 {
        return Ok(None);
    }
    let key = found.key.as_deref().ok_or("its key is longer than any of a space")?;
    let fields = match &found.held {
        Held::Hash(fields) => fields,
        Held::LargeHash => return Err("it is a hash that is larger than any space".to_owned()),
        Held::Other(what) => return Err(format!("it is {what}, and a space is a hash")),
    };
    let counted = Counted::read(key, fields).map_err(|error| error.to_string())?;
    // Redis writes down what is dead and was not swept away yet.
    if let (Some(expires), Some(made)) = (found.expires, made)
        && expires <= made
    {
        return Err("it had died when the dump was made: nobody had used it for a day".to_owned());
    }
    Ok(Some(Kept {
        id: counted.id,
        name: counted.name,
        current: counted.current,
        maximum: counted.maximum,
        created: counted.created,
        last_updated: counted.last_updated,
    }))
}

fn name(found: &Found) -> String {
    match &found.key {
        Some(key) => format!(
            "key {}",
            String::from_utf8_lossy(key).chars().take(60).collect::<String>()
        ),
        None => "a key".to_owned(),
    }
}

fn fault(shown: &Path, error: &RdbError) -> CliError {
    CliError::failed(format_args!("{}: {error}", shown.display()))
}
