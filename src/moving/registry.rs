//! The mediators' registry of meters as a table exported to CSV (EMOP §12, MOVE §2).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::fields::{self, FieldsError};
use crate::domain::{MeterId, MeterIdError};

/// Where mediators found every meter.
const PORT: u16 = 8080;

/// Columns of the old table of which the box has no use: it asks the meter, or has another word.
const PASSED_OVER: [&str; 5] = [
    "id",
    "prepay_enabled",
    "firmware_version",
    "daylight_savings_correction_enabled",
    "single_meter_app",
];

/// The heading of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    columns: BTreeMap<Column, usize>,
    width: usize,
    /// Names of columns that are not known; what stands in them is passed over.
    pub unknown: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Serial,
    Link,
    Host,
    Port,
    Esco,
    Name,
    Feeder,
    Hardware,
    Mode,
}

/// One meter of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Its serial.
    pub serial: MeterId,
    /// The way to it, as `[[meter]] link` has it.
    pub link: String,
    /// The code of its supplier, or the id of that in the table of suppliers.
    pub esco: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// The feeder it hangs on.
    pub feeder: Option<String>,
    /// Its registry code.
    pub hardware: Option<String>,
    /// It is in the registry, and nobody polls it.
    pub passive: bool,
}

/// A line is no meter, or the heading none of a registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The line is no row.
    #[error(transparent)]
    Fields(#[from] FieldsError),
    /// A column that has to be there.
    #[error("the heading has no column {0}")]
    Lacks(&'static str),
    /// Two columns say the same.
    #[error("the heading has two columns for {0}")]
    Twice(String),
    /// As many fields as columns are wanted.
    #[error("the line has {found} fields, the heading {wanted}")]
    Width {
        /// How many there are.
        found: usize,
        /// How many there are in the heading.
        wanted: usize,
    },
    /// The serial is none.
    #[error("`{0}` is {1}")]
    Serial(String, MeterIdError),
    /// There is no way to it.
    #[error("the meter has no address")]
    NoAddress,
    /// An address that is none.
    #[error("`{0}` is no address of a host")]
    Address(String),
    /// A port that is none.
    #[error("`{0}` is no port: 1 to 65535")]
    Port(String),
    /// Neither active nor passive.
    #[error("`{0}` is no mode: active or passive")]
    Mode(String),
}

impl Heading {
    /// Reads the first line.
    ///
    /// # Errors
    ///
    /// When a registry cannot begin so.
    pub fn read(line: &str) -> Result<Heading, RegistryError> {
        let names = fields::split(line)?;
        let (mut columns, mut unknown) = (BTreeMap::new(), Vec::new());
        for (place, name) in names.iter().enumerate() {
            let word = name.trim().to_ascii_lowercase();
            let column = match word.as_str() {
                "serial" => Column::Serial,
                "link" => Column::Link,
                "host" | "ip_address" => Column::Host,
                "port" => Column::Port,
                "esco" => Column::Esco,
                "name" => Column::Name,
                "feeder" => Column::Feeder,
                "hardware" => Column::Hardware,
                "mode" => Column::Mode,
                word => {
                    if !PASSED_OVER.contains(&word) {
                        unknown.push(name.clone());
                    }
                    continue;
                }
            };
            if columns.insert(column, place).is_some() {
                return Err(RegistryError::Twice(word));
            }
        }
        if !columns.contains_key(&Column::Serial) {
            return Err(RegistryError::Lacks("serial"));
        }
        if !columns.contains_key(&Column::Link) && !columns.contains_key(&Column::Host) {
            return Err(RegistryError::Lacks("ip_address (or host, or link)"));
        }
        Ok(Heading {
            columns,
            width: names.len(),
            unknown,
        })
    }

    /// Reads a line; `None` when there is nothing on it.
    ///
    /// # Errors
    ///
    /// When it is no meter.
    pub fn row(&self, line: &str) -> Result<Option<Registered>, RegistryError> {
        if line.trim().is_empty() {
            return Ok(None);
        }
        let fields = fields::split(line)?;
        if fields.len() != self.width {
            return Err(RegistryError::Width {
                found: fields.len(),
                wanted: self.width,
            });
        }
        let field = |column| {
            let text = fields[*self.columns.get(&column)?].trim();
            // As databases write what is not there.
            (!text.is_empty() && !text.eq_ignore_ascii_case("null") && text != "\\N").then(|| text.to_owned())
        };
        let serial = field(Column::Serial).unwrap_or_default();
        let parsed = serial.parse().map_err(|error| RegistryError::Serial(serial, error))?;
        let passive = match field(Column::Mode) {
            None => false,
            Some(mode) => match mode.to_ascii_lowercase().as_str() {
                "active" => false,
                "passive" => true,
                _ => return Err(RegistryError::Mode(mode)),
            },
        };
        Ok(Some(Registered {
            serial: parsed,
            link: match field(Column::Link) {
                Some(link) => link,
                None => link(field(Column::Host), field(Column::Port))?,
            },
            esco: field(Column::Esco),
            name: field(Column::Name),
            feeder: field(Column::Feeder),
            hardware: field(Column::Hardware),
            passive,
        }))
    }
}

/// The way to a host, which databases write with the length of its net behind it.
fn link(host: Option<String>, port: Option<String>) -> Result<String, RegistryError> {
    let host = host.ok_or(RegistryError::NoAddress)?;
    let port = match port {
        Some(text) => match text.parse::<u16>() {
            Ok(port) if port > 0 => port,
            Ok(_) | Err(_) => return Err(RegistryError::Port(text)),
        },
        None => PORT,
    };
    let bare = host.strip_suffix("/32").or(host.strip_suffix("/128")).unwrap_or(&host);
    let is_name = |name: &str| {
        let formed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        name.len() <= 253 && !name.is_empty() && name.bytes().all(formed)
    };
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => Ok(format!("tcp://[{address}]:{port}")),
        Ok(IpAddr::V4(address)) => Ok(format!("tcp://{address}:{port}")),
        Err(_) if is_name(bare) => Ok(format!("tcp://{bare}:{port}")),
        Err(_) => Err(RegistryError::Address(host)),
    }
}

/// A line of the table of suppliers: its id and code, by the places of those columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppliers {
    id: usize,
    code: usize,
}

impl Suppliers {
    /// Reads the first line.
    ///
    /// # Errors
    ///
    /// When it has no columns `id` and `code`.
    pub fn read(line: &str) -> Result<Suppliers, RegistryError> {
        let names = fields::split(line)?;
        let place = |wanted: &'static str| {
            let found = names.iter().position(|name| name.trim().eq_ignore_ascii_case(wanted));
            found.ok_or(RegistryError::Lacks(wanted))
        };
        Ok(Suppliers {
            id: place("id")?,
            code: place("code")?,
        })
    }

    /// The id and the code of a line; `None` when it has none of them.
    ///
    /// # Errors
    ///
    /// When it is no row.
    pub fn row(self, line: &str) -> Result<Option<(String, String)>, RegistryError> {
        let fields = fields::split(line)?;
        let field = |place: usize| {
            fields
                .get(place)
                .map(|field| field.trim())
                .filter(|field| !field.is_empty())
        };
        Ok(field(self.id)
            .zip(field(self.code))
            .map(|(id, code)| (id.to_owned(), code.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_old_table_and_the_short_one_are_read() {
        let old = Heading::read(
            "id,serial,name,ip_address,esco,hardware,prepay_enabled,firmware_version,daylight_savings_correction_enabled,mode,single_meter_app,colour",
        )
        .unwrap();
        assert_eq!(old.unknown, ["colour"]);
        let row = old
            .row("7f,EML2137580761,\"Flat 7, left\",10.0.0.7/32,5c,EMA1.w,true,,false,passive,false,red")
            .unwrap()
            .unwrap();
        assert_eq!((row.link.as_str(), row.passive), ("tcp://10.0.0.7:8080", true));
        assert_eq!(row.name.as_deref(), Some("Flat 7, left"));
        let short = Heading::read("serial,host,port,feeder").unwrap();
        let row = short.row("E1,fd00::7,9000,NULL").unwrap().unwrap();
        assert_eq!((row.link.as_str(), row.feeder), ("tcp://[fd00::7]:9000", None));
        assert_eq!(short.row("  "), Ok(None));
        let suppliers = Suppliers::read("code,id").unwrap();
        assert_eq!(suppliers.row("WLCE,5c"), Ok(Some(("5c".to_owned(), "WLCE".to_owned()))));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(Heading::read("ip_address,name"), Err(RegistryError::Lacks("serial")));
        assert_eq!(
            Heading::read("serial,host,ip_address"),
            Err(RegistryError::Twice("ip_address".to_owned()))
        );
        let heading = Heading::read("serial,host,port,mode").unwrap();
        for (line, fault) in [
            ("E1,10.0.0.7", "the line has 2 fields, the heading 4"),
            (
                "E 1,10.0.0.7,1,",
                "`E 1` is not a meter's serial: 1 to 32 letters and digits, and nothing else",
            ),
            ("E1,,1,", "the meter has no address"),
            ("E1,10.0.0.7/24,1,", "`10.0.0.7/24` is no address of a host"),
            ("E1,a b,1,", "`a b` is no address of a host"),
            ("E1,10.0.0.7,0,", "`0` is no port: 1 to 65535"),
            ("E1,10.0.0.7,,gone", "`gone` is no mode: active or passive"),
        ] {
            assert_eq!(heading.row(line).unwrap_err().to_string(), fault, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_a_meter_or_refused(heading in "(serial|host|port|name|,|\"|x){1,8}", line in "[a-z0-9.:/,\" -]{0,30}") {
            if let Ok(heading) = Heading::read(&heading) { let _ = heading.row(&line); }
            if let Ok(suppliers) = Suppliers::read(&heading.replace("serial", "id").replace("host", "code")) {
                let _ = suppliers.row(&line);
            }
        }
    }
}
