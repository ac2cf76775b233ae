//! The section of backups that the box makes by itself.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use axum::http::Uri;
use serde::{Deserialize, Serialize};

use crate::domain::units::Span;
use crate::domain::{Faults, text_form};
use crate::http::client::Origin;
use crate::http::way_out::WayOut;

/// Backups made by the box itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The folder they are written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// Where they go: a folder, or a bucket beside the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The server of the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3>,
    /// How often.
    #[serde(default = "daily")]
    pub interval: Span,
    /// How many are kept.
    #[serde(default = "a_week")]
    pub keep: u32,
    /// A file with the age recipient (`age1…`) that keys are sealed to; without it keys are left out.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// How often the newest one is restored for trial; `"0"`: never.
    #[serde(default = "monthly")]
    pub test_restore: Span,
}

/// Where backups go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A folder, as `directory` names one.
    Folder(PathBuf),
    /// `s3://bucket/prefix`.
    Bucket {
        name: String,
        /// Ends with a slash, or is empty.
        prefix: String,
    },
}

/// The text is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a folder (a path that begins with /) nor a bucket (s3://bucket/prefix)")]
pub struct TargetError(String);

/// A server that speaks S3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Its address.
    pub endpoint: String,
    /// As it calls the place where the bucket is.
    #[serde(default = "first_region")]
    pub region: String,
    pub access_key_id: String,
    /// A file with the secret that goes with that.
    pub secret_file: PathBuf,
    /// Authorities that its certificate is checked by, PEM; absent: the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// By which way it is reached; whoever reads the configuration says so.
    #[serde(skip)]
    pub way: WayOut,
}

impl Backup {
    /// The folder that they are written to, by whichever key it is said.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match (&self.directory, &self.target) {
            (Some(folder), _) | (None, Some(Target::Folder(folder))) => Some(folder),
            (None, _) => None,
        }
    }

    /// The bucket that they go to: its name, the beginning of names in it, its server.
    #[must_use]
    pub fn bucket(&self) -> Option<(&str, &str, &S3)> {
        match (&self.target, &self.s3) {
            (Some(Target::Bucket { name, prefix }), Some(s3)) => Some((name, prefix, s3)),
            _ => None,
        }
    }

    pub(super) fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        if self.interval < Span::seconds(60) {
            faults.add("backup.interval", "is under a minute", "such as \"1d\"");
        }
        if self.keep == 0 {
            faults.add("backup.keep", "is 0", "at least 1");
        }
        match (&self.directory, &self.target) {
            (None, None) => {
                let right = "a folder that is there, such as \"/var/backups/gatelodge\"; or backup.target";
                faults.joint("backup.directory", &["backup.target"], "is not said", right);
            }
            (Some(_), Some(Target::Folder(_))) => {
                let right = "leave one of them out";
                faults.joint(
                    "backup.target",
                    &["backup.directory"],
                    "is another folder beside it",
                    right,
                );
            }
            _ => {}
        }
        let in_bucket = matches!(self.target, Some(Target::Bucket { .. }));
        match &self.s3 {
            None if in_bucket => {
                let right = "backup.s3 = { endpoint, region, access_key_id, secret_file }";
                faults.joint("backup.target", &["backup.s3"], "is a bucket of no server", right);
            }
            Some(_) if !in_bucket => {
                let right = "backup.target = \"s3://bucket/prefix\"";
                faults.joint("backup.s3", &["backup.target"], "is not used", right);
            }
            Some(s3) => s3.add_faults(&mut faults),
            None => {}
        }
        if in_bucket && self.key_file.is_none() {
            let right = "a file with an age recipient (age1…): what leaves the building is sealed to it";
            faults.joint(
                "backup.key_file",
                &["backup.target"],
                "is not said, and backups go to others",
                right,
            );
        }
        faults
    }
}

impl S3 {
    fn add_faults(&self, faults: &mut Faults) {
        let endpoint: Option<Uri> = self.endpoint.parse().ok();
        let is_bare = |uri: &Uri| matches!(uri.path(), "" | "/") && uri.query().is_none();
        if !endpoint.is_some_and(|uri| Origin::of(&uri).is_some() && is_bare(&uri)) {
            let right = "such as https://s3.eu-west-2.amazonaws.com, without a path";
            faults.add("backup.s3.endpoint", "is no address of a server", right);
        }
        for (key, text) in [("region", &self.region), ("access_key_id", &self.access_key_id)] {
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                let what = "is empty, or has something in it that is no letter, digit or sign";
                faults.add(format!("backup.s3.{key}"), what, "as the server's owner gives it out");
            }
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Target, TargetError> {
        let wrong = || TargetError(text.to_owned());
        let Some(rest) = text.strip_prefix("s3://") else {
            return match text.starts_with('/') {
                true => Ok(Target::Folder(text.into())),
                false => Err(wrong()),
            };
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        let of_prefix = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
        let prefix = prefix.trim_end_matches('/');
        let steps = prefix
            .split('/')
            .all(|step| !step.is_empty() && step != "." && step != "..");
        let fits = (3..=63).contains(&name.len()) && name.bytes().all(of_name) && prefix.bytes().all(of_prefix);
        if !fits || prefix.len() > 512 || (!prefix.is_empty() && !steps) {
            return Err(wrong());
        }
        let prefix = match prefix {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        let name = name.to_owned();
        Ok(Target::Bucket { name, prefix })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Folder(folder) => write!(f, "{}", folder.display()),
            Target::Bucket { name, prefix } => write!(f, "s3://{name}/{}", prefix.trim_end_matches('/')),
        }
    }
}

text_form!(Target);

fn first_region() -> String {
    "us-east-1".to_owned()
}

fn monthly() -> Span {
    Span::seconds(30 * 86_400)
}

fn daily() -> Span {
    Span::seconds(86_400)
}

fn a_week() -> u32 {
    7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_folder_or_a_bucket() {
        let bucket = |name: &str, prefix: &str| Target::Bucket {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
        };
        for (text, target) in [
            ("/mnt/usb", Target::Folder("/mnt/usb".into())),
            ("s3://lodge", bucket("lodge", "")),
            ("s3://lodge/", bucket("lodge", "")),
            ("s3://lodge/elm-court/box1/", bucket("lodge", "elm-court/box1/")),
        ] {
            assert_eq!(text.parse(), Ok(target.clone()), "{text}");
            assert_eq!(target.to_string().parse(), Ok(target), "{text}");
        }
        for wrong in [
            "",
            "usb",
            "s3://",
            "s3://a",
            "s3://LODGE",
            "s3://lodge/../x",
            "s3://lodge//x",
            "s3://lodge/a b",
            "ftp://x",
        ] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }
}
