//! `user data` and `user forget`: what the box holds of somebody, in words and as an archive, and having it erased.

use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::time::Duration;

use hyper::Method;
use serde_json::Value;

use super::print::{self, segment};
use super::{CliError, Common};
use crate::admin::Client;
use crate::files::{self, Readers, Unfinished};
use crate::privacy::{Account, ArchiveShown, ErasureShown};

/// How often it is asked how far something is.
const LOOK: Duration = Duration::from_millis(500);

/// Says what is held of somebody, and writes it to a file if one is named.
pub(super) async fn data(common: &Common, client: &Client, name: &str, to: Option<&Path>) -> Result<(), CliError> {
    let account = account(client, name).await?;
    let written = match to {
        Some(to) => Some(take(client, name, to).await?),
        None => None,
    };
    if common.json {
        print::json(&account);
        return Ok(());
    }
    match written {
        None => tell(&account),
        Some(bytes) => print::line(format_args!(
            "what is held of {name} is in {} ({} KiB), a ZIP file that only you can read",
            to.unwrap_or(Path::new("")).display(),
            bytes.div_ceil(1024)
        )),
    }
    Ok(())
}

async fn account(client: &Client, name: &str) -> Result<Account, CliError> {
    let path = format!("/people/{}/data", segment(name));
    Ok(client.ask(Method::GET, &path, None).await?)
}

async fn take(client: &Client, name: &str, to: &Path) -> Result<u64, CliError> {
    let to = files::place(to).map_err(CliError::usage)?;
    let path = format!("/people/{}/archive", segment(name));
    let mut shown: ArchiveShown = client.ask(Method::POST, &path, None).await?;
    while let ArchiveShown::Making { done, of } = shown {
        progress(done, of, "steps");
        tokio::time::sleep(LOOK).await;
        shown = client.ask(Method::GET, &path, None).await?;
    }
    if !matches!(shown, ArchiveShown::Ready { .. }) {
        return Err(CliError::failed("the archive was not made").hint("the log says why: journalctl -u gatelodge"));
    }
    let mut file = Unfinished::create(&to, Readers::Owner).map_err(CliError::failed)?;
    let into = (to.as_path(), file.file());
    let bytes = client
        .fetch_into(Method::GET, &format!("{path}/file"), None, into, |_| {})
        .await?;
    file.finish().map_err(CliError::failed)?;
    Ok(bytes)
}

/// Erases somebody, once it was said what goes and what stays.
pub(super) async fn forget(
    common: &Common,
    client: &Client,
    name: &str,
    (dry_run, yes): (bool, bool),
) -> Result<(), CliError> {
    let before = account(client, name).await?;
    if dry_run {
        match common.json {
            true => print::json(&before),
            false => tell(&before),
        }
        return Ok(());
    }
    if !yes && common.json {
        return Err(CliError::usage(
            "--json answers programs, which are not asked: give --yes, or --dry-run",
        ));
    }
    if !yes {
        tell(&before);
        confirm(name)?;
    }
    let begun: Value = client
        .ask(Method::POST, &format!("/people/{}/erasure", segment(name)), None)
        .await?;
    let mut shown: ErasureShown = serde_json::from_value(begun).map_err(crate::admin::ClientError::from)?;
    while shown.ended.is_none() {
        progress(shown.done, shown.of, "months");
        if let Some(trouble) = &shown.trouble {
            return Err(CliError::failed(format_args!(
                "{name} is nobody here any more, but not all is erased yet: {trouble}"
            ))
            .hint("the box tries again every minute; the audit says when it is done"));
        }
        tokio::time::sleep(LOOK).await;
        shown = client
            .ask(Method::GET, &format!("/erasures/{}", shown.id), None)
            .await?;
    }
    if common.json {
        print::json(&shown);
        return Ok(());
    }
    print::line(format_args!(
        "{name} is erased; for whoever asks: /erasures/{}",
        shown.id
    ));
    print::line(format_args!("what lies elsewhere, and until when:"));
    for one in &before.elsewhere {
        print::line(format_args!("  {one}"));
    }
    Ok(())
}

fn tell(account: &Account) {
    print::line(format_args!("what goes when {} is erased:", account.name));
    for what in &account.goes {
        print::line(format_args!("  {what}"));
    }
    print::line(format_args!("what stays:"));
    for (what, how_long) in &account.stays {
        print::line(format_args!("  {what}: {how_long}"));
    }
    print::line(format_args!("what lies elsewhere, and until when:"));
    for one in &account.elsewhere {
        print::line(format_args!("  {one}"));
    }
}

/// Nothing of it comes back: the name is typed, or `--yes` was given.
fn confirm(name: &str) -> Result<(), CliError> {
    print::note_on(format_args!("nothing of it comes back. Type the name to erase it: "));
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    if answer.trim() == name {
        return Ok(());
    }
    Err(CliError::failed("nothing was erased")
        .hint("on a terminal type the name when you are asked; in a script give --yes"))
}

/// Says how far it is, when somebody looks on.
fn progress(done: u32, of: u32, what: &str) {
    if of > 0 && std::io::stderr().is_terminal() {
        print::note_on(format_args!("{done} of {of} {what} "));
    }
}
