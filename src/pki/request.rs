//! What is asked of the PKI, checked before anything is signed.

use std::net::IpAddr;

use jiff::SignedDuration;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, SanType};
use rustls::pki_types::ServerName;

use super::extension::Extension;
use super::{Application, Hierarchy, Role, Usage, is_application_url};

/// How long a leaf lasts when nobody says.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);
/// The longest life of a leaf.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 731);
/// The longest common name (RFC 5280 appendix A, `ub-common-name`); a longer one stays out of the subject.
const COMMON_NAME: usize = 64;

/// A certificate that somebody wants.
#[derive(Clone, Debug)]
pub struct Request {
    pub hierarchy: Hierarchy,
    /// Its name: the subject's CN, and the files' stem. A host name, a client's id, or an application URL.
    pub name: String,
    /// What it is for; `None`: what its hierarchy is usually for.
    pub usage: Option<Usage>,
    /// The role of a mediator's client, as OU.
    pub role: Option<Role>,
    /// The subject's O. `None`: none, but the relay's peers know each other by it and get the name.
    pub organization: Option<String>,
    /// Host names and addresses (subject alternative names). Empty: the name, where it is one and a server shows it.
    pub hosts: Vec<String>,
    /// URIs (subject alternative names). Empty: the name, where it is one.
    pub uris: Vec<String>,
    /// The application of a data-sharing scheme that it is of; its URL is then the one URI.
    pub application: Option<Application>,
    /// Further extensions, each not critical.
    pub extensions: Vec<Extension>,
    /// How long it lasts; `None`: a year.
    pub lifetime: Option<SignedDuration>,
    /// What happens to files of that name.
    pub overwrite: Overwrite,
}

/// Whether files in the way are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// They are not: the request is refused.
    #[default]
    No,
    /// They are.
    Yes,
}

/// A request that makes no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The name is empty or has control characters.
    #[error("{0:?} is not a name for a certificate")]
    Name(String),
    /// A mediator's client is named otherwise (EMOP §11).
    #[error("{0:?} is not a client id: letters, digits, _ and - only")]
    ClientId(String),
    /// A host that is neither a DNS name nor an address.
    #[error("{0:?} is neither a host name nor an IP address")]
    Host(String),
    /// A URI with characters that no URI has, or without a scheme.
    #[error("{0:?} is not a URI")]
    Uri(String),
    /// The hierarchy has no such certificates.
    #[error("the {hierarchy} hierarchy has no certificates for {usage:?} use")]
    Usage {
        hierarchy: Hierarchy,
        /// What was asked.
        usage: Usage,
    },
    /// Only clients of the mediator have a role.
    #[error("only grpc client certificates have a role")]
    Role,
    /// Only clients and signers of a data-sharing scheme are applications.
    #[error("only client and signing certificates are of an application")]
    NoApplication,
    /// A URL that an application, a member or a role cannot have.
    #[error("{0:?} is not a URL of a data-sharing scheme: https, without user information or fragment")]
    SchemeUrl(String),
    /// An application without a role can do nothing.
    #[error("an application has a member and at least one role")]
    NoRole,
    /// A server without a name would be refused by every client.
    #[error("a server certificate needs a host: {0:?} is none, so name one")]
    NoHost(String),
    /// The life asked for is not one.
    #[error("a certificate lasts between an hour and two years")]
    Lifetime,
}

impl Request {
    /// The plainest request for `name`.
    #[must_use]
    pub fn new(hierarchy: Hierarchy, name: impl Into<String>) -> Request {
        Request {
            hierarchy,
            name: name.into(),
            usage: None,
            role: None,
            organization: None,
            hosts: Vec::new(),
            uris: Vec::new(),
            application: None,
            extensions: Vec::new(),
            lifetime: None,
            overwrite: Overwrite::No,
        }
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage.unwrap_or(self.hierarchy.usual())
    }

    pub(super) fn life(&self) -> SignedDuration {
        self.lifetime.unwrap_or(LIFE)
    }

    /// The beginning of the files' names: of a URL its last part, and no character that a path gives a meaning.
    pub(super) fn stem(&self) -> String {
        let last = match self.name.split_once("://") {
            Some((_, rest)) => rest.trim_end_matches('/').rsplit('/').next().unwrap_or(rest),
            None => &self.name,
        };
        let kept = |c: char| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '-'
            }
        };
        last.chars()
            .map(kept)
            .collect::<String>()
            .trim_start_matches(['.', '-'])
            .to_owned()
    }

    /// What to sign, or why not.
    pub(super) fn params(&self) -> Result<CertificateParams, RequestError> {
        self.check()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = self.subject();
        params.subject_alt_names = self.alternative_names()?;
        params.key_usages = self.hierarchy.key_usages();
        params.extended_key_usages = self.usage().purposes();
        let of_application = self.application.iter().flat_map(Application::extensions);
        params.custom_extensions = of_application
            .chain(self.extensions.iter().cloned())
            .map(|extension| CustomExtension::from_oid_content(&extension.oid, extension.der))
            .collect();
        Ok(params)
    }

    fn check(&self) -> Result<(), RequestError> {
        let name = || self.name.clone();
        if self.stem().is_empty() || self.name.chars().any(char::is_control) {
            return Err(RequestError::Name(name()));
        }
        let (hierarchy, usage) = (self.hierarchy, self.usage());
        if !hierarchy.allows(usage) {
            return Err(RequestError::Usage { hierarchy, usage });
        }
        let is_mediator_client = hierarchy == Hierarchy::Grpc && usage == Usage::Client;
        if self.role.is_some() && !is_mediator_client {
            return Err(RequestError::Role);
        }
        let id = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if is_mediator_client && !self.name.chars().all(id) {
            return Err(RequestError::ClientId(name()));
        }
        if let Some(application) = &self.application {
            application.check(hierarchy)?;
            if !self.uris.is_empty() || !self.hosts.is_empty() {
                return Err(RequestError::Uri(application.url.clone()));
            }
        }
        if self.life() < SignedDuration::from_hours(1) || self.life() > LONGEST {
            return Err(RequestError::Lifetime);
        }
        Ok(())
    }

    fn subject(&self) -> DistinguishedName {
        let mut subject = DistinguishedName::new();
        let organization = match (&self.organization, self.hierarchy) {
            (Some(organization), _) => Some(organization),
            (None, Hierarchy::Relay) => Some(&self.name),
            // Who reads a signature wants to know whose it is.
            (None, _) if self.application.is_some() => Some(&self.name),
            (None, _) => None,
        };
        if let Some(organization) = organization {
            subject.push(DnType::OrganizationName, organization.clone());
        }
        if let Some(role) = self.role {
            subject.push(DnType::OrganizationalUnitName, role.name());
        }
        let name = self
            .application
            .as_ref()
            .map_or(&self.name, |application| &application.url);
        if name.chars().count() <= COMMON_NAME {
            subject.push(DnType::CommonName, name.clone());
        }
        subject
    }

    fn alternative_names(&self) -> Result<Vec<SanType>, RequestError> {
        if let Some(application) = &self.application {
            let url = &application.url;
            return Ok(vec![uri(url).ok_or_else(|| RequestError::Uri(url.clone()))?]);
        }
        let mut names = Vec::new();
        for text in &self.hosts {
            names.push(host(text).ok_or_else(|| RequestError::Host(text.clone()))?);
        }
        for text in &self.uris {
            names.push(uri(text).ok_or_else(|| RequestError::Uri(text.clone()))?);
        }
        let usage = self.usage();
        if self.uris.is_empty() && usage != Usage::Server {
            names.extend(uri(&self.name));
        }
        if self.hosts.is_empty() && matches!(usage, Usage::Server | Usage::Both) {
            names.extend(host(&self.name));
        }
        let is_host = |name: &SanType| matches!(name, SanType::DnsName(_) | SanType::IpAddress(_));
        if usage == Usage::Server && !names.iter().any(is_host) {
            return Err(RequestError::NoHost(self.name.clone()));
        }
        Ok(names)
    }
}

impl Application {
    fn check(&self, hierarchy: Hierarchy) -> Result<(), RequestError> {
        if !matches!(hierarchy, Hierarchy::Client | Hierarchy::Signing) {
            return Err(RequestError::NoApplication);
        }
        if self.roles.is_empty() {
            return Err(RequestError::NoRole);
        }
        let mut urls = [&self.url, &self.member].into_iter().chain(&self.roles);
        match urls.find(|url| !is_application_url(url)) {
            Some(wrong) => Err(RequestError::SchemeUrl(wrong.clone())),
            None => Ok(()),
        }
    }
}

fn host(text: &str) -> Option<SanType> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(SanType::IpAddress(address));
    }
    let bare = text.strip_prefix("*.").unwrap_or(text);
    ServerName::try_from(bare).ok()?;
    text.try_into().ok().map(SanType::DnsName)
}

fn uri(text: &str) -> Option<SanType> {
    let (scheme, rest) = text.split_once("://")?;
    let plain = |c: char| c.is_ascii_graphic() && !"<>\"{}|\\^`".contains(c);
    let is_uri = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && !rest.is_empty() && text.chars().all(plain);
    is_uri.then(|| text.try_into().ok().map(SanType::URI)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_requests_are_refused_by_their_fault() {
        let refused = |request: Request| request.params().unwrap_err();
        let new = Request::new;
        assert_eq!(refused(new(Hierarchy::Client, "")), RequestError::Name(String::new()));
        assert_eq!(refused(new(Hierarchy::Client, "..")), RequestError::Name("..".into()));
        assert_eq!(
            refused(new(Hierarchy::Grpc, "a b")),
            RequestError::ClientId("a b".into())
        );
        assert_eq!(
            refused(new(Hierarchy::Server, "a b")),
            RequestError::NoHost("a b".into())
        );
        let request = Request {
            role: Some(Role::Internal),
            ..new(Hierarchy::Client, "a")
        };
        assert_eq!(refused(request), RequestError::Role);
        let request = Request {
            usage: Some(Usage::Client),
            ..new(Hierarchy::Server, "a")
        };
        assert!(matches!(refused(request), RequestError::Usage { .. }));
        let request = Request {
            uris: vec!["no uri".into()],
            ..new(Hierarchy::Client, "a")
        };
        assert_eq!(refused(request), RequestError::Uri("no uri".into()));
        let request = Request {
            lifetime: Some(SignedDuration::from_hours(24 * 3_650)),
            ..new(Hierarchy::Client, "a")
        };
        assert_eq!(refused(request), RequestError::Lifetime);
    }

    #[test]
    fn files_are_named_after_the_last_part_and_stay_in_their_folder() {
        let stem = |name: &str| Request::new(Hierarchy::Client, name).stem();
        assert_eq!(stem("https://registry.example/application/cap-demo"), "cap-demo");
        assert_eq!(stem("../../etc/passwd"), "etc-passwd");
        assert_eq!(stem("gateway 7"), "gateway-7");
        assert_eq!(stem("box.local"), "box.local");
    }
}
