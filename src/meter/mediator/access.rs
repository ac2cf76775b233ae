//! Who may call what (EMOP §11): the certificate's OU is the role, and the role allows methods.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Meter, MeterId};
use crate::pki::Role;

/// A method of the mediator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    SendRawMessage,
    ReadElement,
    WriteElement,
    GetInfo,
    GetMeters,
}

/// A client, by its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The common name.
    pub name: String,
    /// What its organisational unit says.
    pub role: Option<Role>,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The door has no TLS, and takes whoever is on this machine.
    Anybody,
    /// Somebody with a certificate.
    Client(Client),
}

/// Which meters a client may reach, where that is not all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// By serial.
    pub serials: BTreeSet<MeterId>,
    /// By the code of their supplier, in any case.
    pub escos: Vec<String>,
}

/// The reach of clients by name; who is not named reaches all meters.
pub type Reaches = BTreeMap<String, Reach>;

impl Call {
    /// The method that a path names. Only its last two parts count, and of the service its last name: clients
    /// give the package or leave it out.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Call> {
        let (front, method) = path.rsplit_once('/')?;
        let service = front.rsplit(['/', '.']).next()?;
        Some(match (service, method) {
            ("EmliteMediatorService", "sendRawMessage") => Call::SendRawMessage,
            ("EmliteMediatorService", "readElement") => Call::ReadElement,
            ("EmliteMediatorService", "writeElement") => Call::WriteElement,
            ("InfoService", "GetInfo") => Call::GetInfo,
            ("InfoService", "GetMeters") => Call::GetMeters,
            _ => return None,
        })
    }
}

/// Whether a role may call a method. Raw messages can carry writes, so they count as one.
#[must_use]
pub fn allows(role: Role, call: Call) -> bool {
    match (role, call) {
        (Role::Internal, _) | (_, Call::GetInfo | Call::GetMeters) => true,
        (Role::Partner, Call::ReadElement) => true,
        (Role::Partner | Role::Readonly, Call::SendRawMessage | Call::WriteElement)
        | (Role::Readonly, Call::ReadElement) => false,
    }
}

impl Caller {
    /// What logs and audits call them.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Caller::Anybody => "anybody",
            Caller::Client(client) => &client.name,
        }
    }

    /// Whether they may.
    #[must_use]
    pub fn may(&self, call: Call) -> bool {
        match self {
            Caller::Anybody => true,
            Caller::Client(client) => client.role.is_some_and(|role| allows(role, call)),
        }
    }

    /// Whether they may reach a meter.
    #[must_use]
    pub fn reaches(&self, meter: &Meter, reaches: &Reaches) -> bool {
        let Caller::Client(client) = self else { return true };
        reaches.get(&client.name).is_none_or(|reach| reach.holds(meter))
    }
}

impl Reach {
    fn holds(&self, meter: &Meter) -> bool {
        let same = |code: &String| meter.esco.as_ref().is_some_and(|esco| esco.eq_ignore_ascii_case(code));
        self.serials.contains(&meter.serial) || self.escos.iter().any(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLS: [Call; 5] = [
        Call::ReadElement,
        Call::WriteElement,
        Call::SendRawMessage,
        Call::GetInfo,
        Call::GetMeters,
    ];

    #[test]
    fn the_table_of_roles_holds() {
        let allowed = |role| CALLS.map(|call| allows(role, call));
        assert_eq!(allowed(Role::Internal), [true; 5]);
        assert_eq!(allowed(Role::Partner), [true, false, false, true, true]);
        assert_eq!(allowed(Role::Readonly), [false, false, false, true, true]);
        let nobody = Caller::Client(Client {
            name: "x".into(),
            role: None,
        });
        assert!(CALLS.iter().all(|call| !nobody.may(*call)));
    }

    #[test]
    fn methods_are_known_with_any_package() {
        for path in [
            "/simt_emlite.mediator.grpc.EmliteMediatorService/readElement",
            "/EmliteMediatorService/readElement",
            "/a/b.EmliteMediatorService/readElement",
        ] {
            assert_eq!(Call::of_path(path), Some(Call::ReadElement), "{path}");
        }
        for path in [
            "",
            "/",
            "/readElement",
            "/InfoService/readElement",
            "/XEmliteMediatorService/readElement",
        ] {
            assert_eq!(Call::of_path(path), None, "{path}");
        }
    }

    #[test]
    fn a_client_with_a_list_reaches_no_other_meter() {
        let meter = |serial: &str, esco: Option<&str>| Meter {
            serial: serial.parse().unwrap(),
            link: String::new(),
            esco: esco.map(str::to_owned),
            name: None,
            feeder: None,
            hardware: None,
            datasource: None,
            counts: crate::domain::Counts::Unit,
            space: None,
        };
        let reach = Reach {
            serials: ["EML1".parse().unwrap()].into(),
            escos: vec!["HMCE".into()],
        };
        let reaches = Reaches::from([("billing".to_owned(), reach)]);
        let client = |name: &str| {
            Caller::Client(Client {
                name: name.into(),
                role: Some(Role::Internal),
            })
        };
        for (serial, esco, billing) in [
            ("EML1", None, true),
            ("EML2", Some("hmce"), true),
            ("EML2", None, false),
        ] {
            assert_eq!(
                client("billing").reaches(&meter(serial, esco), &reaches),
                billing,
                "{serial} {esco:?}"
            );
            assert!(client("other").reaches(&meter(serial, esco), &reaches));
        }
    }
}
