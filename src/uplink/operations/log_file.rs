//! The log for the cloud (UPLINK §2.8): lines that the box still has, by kind, time and text.

use jiff::Timestamp;

use crate::uplink::host::{Host, LogKind, LogQuery};
use crate::uplink::tenant::{Tenant, Upload};

/// Lines, at most, and where nobody says how many.
const MOST: usize = 10_000;
const USUAL: usize = 1_000;

/// Sends the wanted lines; where they are.
pub(super) async fn upload(
    (host, tenant): (&dyn Host, &Tenant),
    arguments: &[String],
    source: &str,
) -> Result<String, String> {
    let wanted = wanted(arguments)?;
    let lines = host.log(&wanted);
    let mut text = String::new();
    for line in &lines {
        text.push_str(&format!("{:.3} {}\n", line.at, line.text));
    }
    let upload = Upload {
        kind: "c8y_Logfile",
        text: wanted.kind.name(),
        source,
        bytes: text.into_bytes(),
    };
    let sent = tenant.upload(upload).await;
    sent.map_err(|error| format!("upload failed: {error}"))
}

/// Which lines an operation wants: type, from, to, text, how many.
fn wanted(arguments: &[String]) -> Result<LogQuery, String> {
    let argument = |place: usize| arguments.get(place).map_or("", |argument| argument.trim());
    let named = argument(0);
    let kind = LogKind::of_name(named).ok_or_else(|| {
        let known: Vec<&str> = LogKind::ALL.iter().map(|kind| kind.name()).collect();
        // What was asked for can be a path, and long.
        let named: String = named.chars().take(80).collect();
        format!("there is no log `{named}`: it is one of {}", known.join(", "))
    })?;
    let most = match argument(4) {
        "" => USUAL,
        text => text.parse().map_err(|_| format!("`{text}` is no number of lines"))?,
    };
    Ok(LogQuery {
        kind,
        from: moment(argument(1))?,
        to: moment(argument(2))?,
        with: arguments.get(3).cloned().unwrap_or_default(),
        most: if most == 0 { USUAL } else { most.min(MOST) },
    })
}

/// A moment as the platform writes it, whose offset may have no colon; nothing: no limit.
fn moment(text: &str) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("`{text}` is no moment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_logs_are_had_within_their_bounds_and_nothing_else() {
        let arguments = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<String>>();
        let both = ["2026-02-10T02:00:00+0200", "2026-02-10T02:00:00.000+02:00"];
        for from in both {
            let found = wanted(&arguments(&format!("uplink,{from},,lost,99999"))).unwrap();
            assert_eq!(found.from, Some("2026-02-10T00:00:00Z".parse().unwrap()));
            assert_eq!((found.to, found.with.as_str(), found.most), (None, "lost", MOST));
        }
        assert_eq!(wanted(&arguments("audit")).unwrap().most, USUAL);
        for wrong in ["", "../../etc/passwd", "syslog", "uplink,yesterday", "uplink,,,,many"] {
            assert!(wanted(&arguments(wrong)).is_err(), "{wrong}");
        }
    }
}
