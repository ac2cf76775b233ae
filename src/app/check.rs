//! What `serve` does with a configuration before it opens sockets, done to find faults: every file that it names is read
//! as it will be, and what belongs together is tried together.

mod places;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::door_files::DoorFiles;
use super::door_name::DoorName;
use super::parts::recipient;
use crate::config::{Certificate as Source, Config, ConfigError, ConfigErrors, Loaded};
use crate::files::{is_credential, read_secret, resolved};
use crate::http::signature;
use crate::perseus;
use crate::store::is_recipient;
use crate::tls::{self, Authorities, ClientTrust, Outbound};
use crate::uplink;

/// What was found of what a configuration names.
#[derive(Debug, Default)]
pub struct Findings {
    /// What `serve` would not take.
    pub faults: Vec<ConfigError>,
    /// What could not be looked at, because the caller may not.
    pub not_checked: Vec<ConfigError>,
    /// What is no fault and worth knowing.
    pub notes: Vec<String>,
}

/// Looks at all that `loaded` names, for somebody who may not be who runs it.
#[must_use]
pub fn check(loaded: &Loaded) -> Findings {
    look(loaded, None)
}

/// Looks at all that `loaded` names as the box itself, which has `in_force` and is to take it over: what it may not read
/// is a fault.
///
/// # Errors
/// What the next start would stumble over, in the words of [`check`].
pub(super) fn check_to_take_over(loaded: &Loaded, in_force: &Config) -> Result<(), ConfigErrors> {
    let found = look(loaded, Some(in_force));
    ConfigErrors::of(found.faults).map_or(Ok(()), Err)
}

fn look(loaded: &Loaded, in_force: Option<&Config>) -> Findings {
    let mut check = Check {
        loaded,
        in_force,
        findings: Findings::default(),
    };
    check.places();
    check.doors();
    check.outgoing();
    check.backup();
    check.licences();
    check.consents();
    if opens_nothing(&loaded.config) {
        let note = "it opens no door and no room: add sections such as [https] and [occupancy]";
        check.findings.notes.push(note.to_owned());
    }
    check.findings
}

fn opens_nothing(config: &Config) -> bool {
    let doors = [
        config.http.is_some(),
        config.https.is_some(),
        config.mtls.is_some(),
        config.grpc.is_some(),
        config.relay.is_some(),
        config.metrics.is_some(),
    ];
    let rooms = [
        config.occupancy.is_some(),
        config.meter_room().is_some(),
        config.uplink.is_some(),
        config.perseus.is_some(),
    ];
    !doors.into_iter().chain(rooms).any(|open| open)
}

struct Check<'a> {
    loaded: &'a Loaded,
    /// What the box has that asks; `None`: a person asks.
    in_force: Option<&'a Config>,
    findings: Findings,
}

/// A key of the configuration, and the file it names.
type Named<'a> = (&'a str, &'a Path);

impl Check<'_> {
    /// A box starts without the words of a licence; nobody can agree to them until they are there.
    fn licences(&mut self) {
        let licences = self.loaded.config.perseus.iter().flat_map(|room| &room.licence);
        for licence in licences {
            if let Err(error) = perseus::check_words(licence) {
                self.findings.notes.push(format!(
                    "{error}: until it is, nobody can allow anything under {}",
                    licence.url
                ));
            }
        }
    }

    /// What nobody could ask for, or come to.
    fn consents(&mut self) {
        let config = &self.loaded.config;
        let Some(room) = &config.perseus else { return };
        let signing = (
            &room.signing_certificate_file,
            &room.signing_key_file,
            &room.signing_ca_file,
        );
        let outbound = (
            &room.outbound_certificate_file,
            &room.outbound_key_file,
            &room.outbound_ca_file,
        );
        let of_files = |findings: &Findings| findings.faults.len() + findings.not_checked.len();
        for (stem, (certificate, key, authorities)) in [("perseus.outbound_", outbound), ("perseus.signing_", signing)]
        {
            let before = of_files(&self.findings);
            self.pair_called(stem, certificate.as_ref(), key.as_ref());
            if let Some(file) = authorities {
                self.believed(&format!("{stem}ca_file"), file);
            }
            // Of files that cannot be read or do not fit, that is told and nothing else.
            if stem == "perseus.signing_" && of_files(&self.findings) == before {
                self.signing(room);
            }
        }
        let notes = [
            (
                config.mtls.is_none(),
                "[perseus] without [mtls]: no application can come",
            ),
            (
                config.https.is_none(),
                "[perseus] without [https]: nobody can come to allow anything",
            ),
            (
                room.client.is_empty(),
                "[perseus] without a [[perseus.client]]: no application is let in",
            ),
            (
                config.meter.iter().all(|meter| meter.datasource.is_none()),
                "[perseus], and no [[meter]] with a datasource: there is nothing to allow",
            ),
        ];
        let notes = notes.into_iter().filter(|(is, _)| *is);
        self.findings.notes.extend(notes.map(|(_, note)| note.to_owned()));
    }

    /// A key that reads and fits, and with which no record could be signed.
    fn signing(&mut self, room: &perseus::Config) {
        match perseus::check_signing(room, Timestamp::now()) {
            Some(found) if found.is_of_time => {
                let note = format!("`{}`: {}; {}", found.key, found.what, found.next);
                self.findings.notes.push(note);
            }
            Some(found) => self.fault(found.key, &found.what, &found.next),
            None => {}
        }
    }

    fn of_key(&self, key: &str, what: &str, hint: &str) -> ConfigError {
        ConfigError::of_key(&self.loaded.figment, &self.loaded.unread.written(key), what, hint)
    }

    /// What stands for a value that could not be read has no faults.
    fn fault(&mut self, key: &str, what: &str, hint: &str) {
        if !self.loaded.unread.covers(&self.loaded.unread.written(key)) {
            let fault = self.of_key(key, what, hint);
            self.findings.faults.push(fault);
        }
    }

    /// Whether all these files can be read; what cannot be is written down.
    fn readable(&mut self, files: &[Named<'_>]) -> bool {
        let mut all = true;
        for (key, path) in files {
            // Reading one byte tells a folder from a file.
            let open = |path| std::fs::File::open(path);
            let read = resolved(path)
                .and_then(open)
                .and_then(|mut file| std::io::Read::read(&mut file, &mut [0]));
            let Err(error) = read else { continue };
            all = false;
            let shown = path.display();
            // Only the service itself is given what it is to be given.
            if is_credential(path) && self.in_force.is_none() && error.kind() == ErrorKind::NotFound {
                let what = format!("{shown} is given to the service alone, so it is not checked");
                let not = self.of_key(
                    key,
                    &what,
                    "`systemctl reload gatelodge` reads it, and says what is wrong",
                );
                self.findings.not_checked.push(not);
                continue;
            }
            match error.kind() {
                ErrorKind::PermissionDenied => self.forbidden(key, &format!("{shown} may not be read by this user")),
                ErrorKind::NotFound if !is_credential(path) => self.fault(key, &format!("{shown} is not there"), ""),
                ErrorKind::IsADirectory => self.fault(key, &format!("{shown} is a folder, where a file is wanted"), ""),
                _ => self.fault(key, &format!("{shown} cannot be read: {error}"), ""),
            }
        }
        all
    }

    /// What a person may not look at, the box may; when the box may not, that is a fault.
    fn forbidden(&mut self, key: &str, what: &str) {
        if self.in_force.is_some() {
            return self.fault(key, what, "give it to the user that the box runs as");
        }
        let what = format!("{what}, so it is not checked");
        let not = self.of_key(key, &what, "run check-config as root or as the service's user");
        self.findings.not_checked.push(not);
    }

    fn pair(&mut self, door: &str, certificate: Option<&PathBuf>, key: Option<&PathBuf>) {
        self.pair_called(&format!("{door}."), certificate, key);
    }

    /// A certificate and its key, whose keys begin with `stem`.
    fn pair_called(&mut self, stem: &str, certificate: Option<&PathBuf>, key: Option<&PathBuf>) {
        let (Some(certificate), Some(key)) = (certificate, key) else {
            return;
        };
        let names = [format!("{stem}certificate_file"), format!("{stem}key_file")];
        if !self.readable(&[(&names[0], certificate), (&names[1], key)]) {
            return;
        }
        if let Err(error) = tls::check_pair(certificate, key) {
            let place = if error.is_of_key() { &names[1] } else { &names[0] };
            let next = match error {
                tls::CertificateError::Mismatch { .. } => "name the key that the certificate was issued for",
                _ => "",
            };
            self.fault(place, &error.to_string(), next);
        }
    }

    fn trust(&mut self, door: &str, authorities: Option<&PathBuf>, list: Option<&PathBuf>) {
        let names = [format!("{door}.client_ca_file"), format!("{door}.crl_file")];
        let named = [(names[0].as_str(), authorities), (names[1].as_str(), list)];
        let files: Vec<Named<'_>> = named
            .into_iter()
            .filter_map(|(key, path)| Some((key, path?.as_path())))
            .collect();
        if !self.readable(&files) {
            return;
        }
        // Each by itself, so that each is told; without authorities of its own, the list is laid over ours.
        if let Some(file) = authorities
            && let Err(error) = ClientTrust::load(Authorities::File(file.clone()), None, None)
        {
            self.fault(&names[0], &error.to_string(), "");
        }
        let Some(file) = list else { return };
        match tls::check_lists(file) {
            Ok(Some(term)) if Timestamp::now() >= term.missed_at => {
                let (key, file) = (&names[1], file.display());
                let note = format!(
                    "`{key}`: a list in {file} runs out on {:.0}: from {:.0} on nobody is let in by a certificate",
                    term.next_update, term.stale_at
                );
                self.findings.notes.push(note);
            }
            Ok(_) => {}
            Err(error) => self.fault(&names[1], &error.to_string(), ""),
        }
    }

    fn doors(&mut self) {
        let config = &self.loaded.config;
        for name in DoorName::ALL {
            let files = DoorFiles::of(config, name);
            self.pair(name.name(), files.certificate, files.key);
            self.trust(name.name(), files.authorities, files.list);
        }
    }

    /// What calls out: whom it believes, and what it proves itself by.
    fn outgoing(&mut self) {
        let config = &self.loaded.config;
        let by_acme = config
            .https
            .as_ref()
            .is_some_and(|https| https.certificate == Source::Acme);
        if let Some(file) = config
            .acme
            .iter()
            .filter(|_| by_acme)
            .find_map(|acme| acme.ca_file.as_ref())
        {
            self.believed("acme.ca_file", file);
        }
        let bound = config.acme.iter().filter(|_| by_acme);
        self.secret(
            "acme.eab_key_file",
            bound.into_iter().find_map(|acme| acme.eab_key_file.as_ref()),
            |path| tls::check_binding_key(path).map_err(|error| error.to_string()),
        );
        let proxy = config.outbound.proxy_password_file.as_ref();
        self.secret("outbound.proxy_password_file", proxy, |path| {
            read_secret(path).map(drop).map_err(|error| error.to_string())
        });
        if let Some(room) = config.uplink.as_ref().map(|section| &section.room) {
            if let Some(file) = &room.ca_file {
                self.believed("uplink.ca_file", file);
            }
            self.pair("uplink", room.certificate_file.as_ref(), room.key_file.as_ref());
            for (key, file) in [
                ("uplink.password_file", &room.password_file),
                ("uplink.otp_file", &room.otp_file),
            ] {
                self.secret(key, file.as_ref(), |path| {
                    uplink::check_secret(path).map_err(|fault| fault.to_string())
                });
            }
        }
        if let Some(file) = config.meters.as_ref().and_then(|room| room.jobs.tariffs_file.as_ref()) {
            self.readable(&[("meters.jobs.tariffs_file", file)]);
        }
        for (place, provider) in config.meters.iter().flat_map(|room| &room.provider).enumerate() {
            let key = format!("meters.provider.{place}.secret_file");
            self.secret(&key, Some(&provider.secret_file), |path| {
                signature::check_secret(path).map_err(|error| format!("{}: {error}", path.display()))
            });
        }
        let targets = config.occupancy.iter().flat_map(|section| &section.webhook);
        for (place, target) in targets.enumerate() {
            let key = |name: &str| format!("occupancy.webhook.{place}.{name}");
            self.secret(&key("secret_file"), Some(&target.secret_file), |path| {
                signature::check_secret(path).map_err(|error| format!("{}: {error}", path.display()))
            });
            if let Some(file) = &target.ca_file {
                self.believed(&key("ca_file"), file);
            }
        }
    }

    /// Authorities that somebody who is called is believed by.
    fn believed(&mut self, key: &str, file: &Path) {
        if !self.readable(&[(key, file)]) {
            return;
        }
        let outbound = Outbound {
            ca_file: Some(file.to_owned()),
            ..Outbound::default()
        };
        if let Err(error) = outbound.load() {
            self.fault(key, &error.to_string(), "");
        }
    }

    fn secret(&mut self, key: &str, file: Option<&PathBuf>, check: impl Fn(&Path) -> Result<(), String>) {
        let Some(file) = file else { return };
        if self.readable(&[(key, file)])
            && let Err(what) = check(file)
        {
            self.fault(key, &what, "");
        }
    }

    fn backup(&mut self) {
        let Some(backup) = &self.loaded.config.backup else {
            return;
        };
        self.secret("backup.key_file", backup.key_file.as_ref(), |path| {
            let recipient = recipient(path).map_err(|error| format!("{error:#}"))?;
            match is_recipient(&recipient) {
                true => Ok(()),
                false => Err(format!("{} holds no age recipient (age1…)", path.display())),
            }
        });
        if let Some(s3) = &backup.s3 {
            self.secret("backup.s3.secret_file", Some(&s3.secret_file), |path| {
                let secret = read_secret(path).map_err(|error| error.to_string())?;
                match secret.trim().is_empty() {
                    false => Ok(()),
                    true => Err(format!("{} holds no secret", path.display())),
                }
            });
        }
        let key = match &backup.directory {
            Some(_) => "backup.directory",
            None => "backup.target",
        };
        let Some(folder) = backup.folder() else { return };
        let before = self.in_force.and_then(|now| now.backup.as_ref());
        if before.is_some_and(|before| before.folder() == Some(folder)) {
            // A disk that is out for a while stops backups, which is told as such, and nothing else.
            return;
        }
        match std::fs::metadata(folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => self.fault(key, &format!("{} is no folder", folder.display()), ""),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let what = format!("{} may not be looked at by this user", folder.display());
                self.forbidden(key, &what);
            }
            Err(_) => {
                let what = format!("{} is not there", folder.display());
                self.fault(key, &what, "make the folder, or mount the disk that it is on");
            }
        }
    }
}
