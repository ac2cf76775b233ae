//! Static templates of SmartREST 2.0 as the platform's public reference has them, held against what the box sends and
//! reads: <https://cumulocity.com/docs/smartrest/mqtt-static-templates/>, whose source is
//! `content/smartrest/mqtt-static-templates-bundle` of github.com/Cumulocity-IoT/c8y-docs; quoting as
//! <https://cumulocity.com/docs/smartrest/smartrest-two/> has it. Nothing here is taken from the box's own code.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Is {
    Text,
    Number,
    Integer,
    Date,
}

use Is::{Date, Integer, Number, Text};

/// A template that a device publishes: its fields, each with whether it must be there, and how many of the last repeat.
pub struct Sent {
    pub id: &'static str,
    pub fields: &'static [(Is, bool)],
    /// So many fields at the end may come again as a group; 0: none.
    pub again: usize,
}

const fn sent(id: &'static str, fields: &'static [(Is, bool)], again: usize) -> Sent {
    Sent { id, fields, again }
}

/// Section "Publish templates" of the reference.
pub const SENT: &[Sent] = &[
    sent("100", &[(Text, false), (Text, false)], 0),
    sent("101", &[(Text, true), (Text, false), (Text, false)], 0),
    sent("102", &[(Text, true), (Text, true), (Text, true), (Text, true)], 0),
    sent("104", &[(Text, true)], 0),
    sent("105", &[], 0),
    sent("107", &[(Text, true)], 1),
    sent("110", &[(Text, false), (Text, false), (Text, false)], 0),
    sent(
        "112",
        &[(Number, false), (Number, false), (Number, false), (Integer, false)],
        0,
    ),
    sent("113", &[(Text, false)], 0),
    sent("114", &[(Text, false)], 1),
    sent("115", &[(Text, false), (Text, false), (Text, false)], 0),
    sent("116", &[(Text, false), (Text, false), (Text, false)], 3),
    sent("117", &[(Integer, false)], 0),
    sent("118", &[(Text, false)], 1),
    sent("119", &[(Text, false)], 1),
    sent("120", &[(Text, true), (Text, true), (Text, false), (Date, false)], 0),
    sent("122", &[(Text, true), (Text, true), (Text, false), (Text, true)], 0),
    sent("123", &[], 0),
    sent("125", &[], 0),
    sent(
        "200",
        &[(Text, true), (Text, true), (Number, true), (Text, false), (Date, false)],
        0,
    ),
    sent(
        "201",
        &[
            (Text, true),
            (Date, false),
            (Text, true),
            (Text, true),
            (Number, true),
            (Text, false),
        ],
        4,
    ),
    sent("211", &[(Number, true), (Date, false)], 0),
    sent("301", &[(Text, true), (Text, false), (Date, false)], 0),
    sent("302", &[(Text, true), (Text, false), (Date, false)], 0),
    sent("303", &[(Text, true), (Text, false), (Date, false)], 0),
    sent("304", &[(Text, true), (Text, false), (Date, false)], 0),
    sent("305", &[(Text, true), (Text, true)], 0),
    sent("306", &[(Text, true)], 0),
    sent("400", &[(Text, true), (Text, true), (Date, false)], 0),
    sent("500", &[], 0),
    sent("501", &[(Text, true)], 0),
    sent("502", &[(Text, true), (Text, false)], 0),
    sent("503", &[(Text, true), (Text, false)], 1),
    sent("504", &[(Text, true)], 0),
    sent("505", &[(Text, true), (Text, false)], 0),
    sent("506", &[(Text, true), (Text, false)], 1),
    sent("507", &[(Text, false), (Text, false)], 0),
];

/// Why a line is not as the reference has it.
pub fn fault(line: &[String]) -> Option<String> {
    let Some(template) = SENT.iter().find(|sent| sent.id == line[0]) else {
        return Some(format!("{} is no template that a device publishes here", line[0]));
    };
    let said = &line[1..];
    let (fields, again) = (template.fields, template.again);
    if said.len() > fields.len() && again == 0 {
        return Some(format!(
            "{} has {} fields and not {}",
            line[0],
            fields.len(),
            said.len()
        ));
    }
    let first = fields.len() - again;
    let field = |place: usize| match place < fields.len() {
        true => fields[place],
        false => fields[first + (place - first) % again],
    };
    // A group that began is whole, but for what is empty at the very end.
    let whole = match said.len() > first && again > 0 {
        true => first + (said.len() - first).div_ceil(again) * again,
        false => fields.len(),
    };
    (0..whole).find_map(|place| {
        let (is, must) = field(place);
        let text = said.get(place).map_or("", String::as_str);
        let good = match is {
            _ if text.is_empty() => !must,
            Text => true,
            Number => text.parse::<f64>().is_ok_and(f64::is_finite),
            Integer => text.parse::<i64>().is_ok(),
            Date => text.parse::<jiff::Timestamp>().is_ok(),
        };
        (!good).then(|| format!("field {} of {} is {text:?} and must be {is:?}", place + 1, line[0]))
    })
}

/// Section "Subscribe templates": what the platform sends, in the words of its examples, and the operation that it is;
/// `None`: an answer, which names no device.
const RECEIVED: &[(&str, Option<&str>)] = &[
    ("106,child1,child2,child3", None),
    ("124,12345", None),
    ("510,DeviceSerial", Some("c8y_Restart")),
    ("511,DeviceSerial,execute this", Some("c8y_Command")),
    ("513,DeviceSerial,\"val1=1\nval2=2\"", Some("c8y_Configuration")),
    (
        "515,DeviceSerial,myFirmware,1.0,http://www.my.url",
        Some("c8y_Firmware"),
    ),
    (
        "516,DeviceSerial,softwareA,1.0,url1,softwareB,2.0,url2",
        Some("c8y_SoftwareList"),
    ),
    ("517,DeviceSerial,LOGA", Some("c8y_MeasurementRequestOperation")),
    ("518,DeviceSerial,OPEN", Some("c8y_Relay")),
    ("519,DeviceSerial,OPEN,CLOSE,CLOSE,OPEN", Some("c8y_RelayArray")),
    ("520,DeviceSerial", Some("c8y_UploadConfigFile")),
    ("521,DeviceSerial,http://www.my.url", Some("c8y_DownloadConfigFile")),
    (
        "522,DeviceSerial,logfileA,2013-06-22T17:03:14.000+02:00,2013-06-22T18:03:14.000+02:00,ERROR,1000",
        Some("c8y_LogfileRequest"),
    ),
    (
        "524,DeviceSerial,http://www.my.url,type",
        Some("c8y_DownloadConfigFile"),
    ),
    ("526,DeviceSerial,type", Some("c8y_UploadConfigFile")),
    (
        "528,DeviceSerial,softwareA,1.0,url1,install,softwareB,2.0,url2,install",
        Some("c8y_SoftwareUpdate"),
    ),
];

/// What it may send too, and what is not announced here (template 114): such operations are for others, and are counted.
const NOT_OURS: &[&str] = &[
    "523,DeviceSerial,SMS",
    "525,DeviceSerial,firmwareName,1.0,http://www.my.url,dependency",
    "527,DeviceSerial,$FW,firmwareName,1.0,http://www.my.url,true,dependency",
    "529,DeviceSerial,softwareA,1.0,type1,url1,install",
    "530,DeviceSerial,10.0.0.67,22,eb5e9d13-1caa-486b-bdda-130ca0d87df8",
];

#[test]
fn what_the_platform_sends_is_read_as_its_reference_has_it() {
    use gatelodge::uplink::cumulocity::asked;
    for (line, operation) in RECEIVED {
        let found = asked("s/ds", line.as_bytes());
        let Some(kind) = operation else {
            assert!(found.is_empty(), "{line} is no operation");
            continue;
        };
        assert_eq!(found.len(), 1, "{line}");
        let found = &found[0];
        assert_eq!(
            (found.operation.kind.as_str(), found.operation.device.as_str()),
            (*kind, "DeviceSerial")
        );
        let fields = super::platform::fields(&line.replace('\n', " "));
        let said: Vec<String> = found
            .arguments
            .iter()
            .map(|argument| argument.replace('\n', " "))
            .collect();
        assert_eq!(said, fields[2..].to_vec(), "{line}");
    }
    for line in NOT_OURS {
        assert!(asked("s/ds", line.as_bytes()).is_empty(), "{line}");
    }
}

#[test]
fn a_line_against_the_reference_is_found() {
    let of = |line: &str| fault(&super::platform::fields(line));
    for good in [
        "100,myDevice,myType",
        "100",
        "112,50.323423,6.423423",
        "116,software1,version1,url1,software2,,url2,software3,version3",
        "201,T,2022-03-19T12:03:27.845Z,c8y_Energy,A+:1,1234,kWh,c8y_Energy,A-:1,2345",
        "304,c8y_TemperatureAlarm,,2013-06-22T17:03:14.000+02:00",
        "507,c8y_Restart,\"Unexpected device restart\"",
    ] {
        assert_eq!(of(good), None, "{good}");
    }
    for wrong in [
        "101",
        "102,a,b,c",
        "117,soon",
        "200,f,s,much",
        "201,T,2022-03-19T12:03:27.845Z,c8y_Energy,A+:1",
        "305,x",
        "400,type",
        "506",
        "104,up,now",
        "124,12345",
    ] {
        assert!(of(wrong).is_some(), "{wrong}");
    }
}
