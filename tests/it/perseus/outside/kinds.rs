//! Every kind of meter that there is, as a box and as an application know it.

use gatelodge::domain::Register;

use super::super::fixture::{METER, SOURCE};

/// A meter, and what of it an application may be given.
pub struct Kind {
    pub serial: &'static str,
    pub source: &'static str,
    pub outcode: &'static str,
    /// Its section, where the fixture has none.
    pub section: &'static str,
    /// The registers whose sum a measure is; `None`: it is not shared.
    pub import: &'static [Register],
    pub export: Option<&'static [Register]>,
    /// Registers that are read and never go out.
    pub beside: &'static [Register],
}

/// Every kind of meter that there is.
pub static KINDS: [Kind; 5] = [
    Kind {
        serial: METER,
        source: SOURCE,
        outcode: "SW8",
        section: "",
        import: &[Register::ImportA],
        export: Some(&[Register::ExportA]),
        beside: &[Register::ReactiveImportA],
    },
    Kind {
        serial: "EML2",
        source: "S90/r2+mSV2",
        outcode: "SW9",
        section: "",
        import: &[Register::ImportA],
        export: None,
        beside: &[Register::ExportA],
    },
    Kind {
        serial: "EML3",
        source: "S2-B",
        outcode: "N1",
        section: "datasource = { id = \"S2-B\", outcode = \"N1\", element = \"B\" }",
        import: &[Register::ImportB],
        export: Some(&[Register::ExportB]),
        beside: &[Register::ImportA, Register::ExportA],
    },
    Kind {
        serial: "EML4",
        source: "S3",
        outcode: "E14",
        section: "datasource = { id = \"S3\", outcode = \"E14\" }",
        import: &[Register::ActiveImport],
        export: Some(&[]),
        beside: &[Register::ReactiveImport, Register::ApparentImport],
    },
    Kind {
        serial: "EML5",
        source: "EML5",
        outcode: "SW1A",
        section: "datasource = { outcode = \"SW1A\" }",
        import: &[Register::ImportA, Register::ImportB],
        export: Some(&[Register::ExportA]),
        beside: &[],
    },
];

/// The configuration's sections of those that the fixture does not have.
pub fn sections() -> String {
    let more = KINDS.iter().filter(|kind| !kind.section.is_empty());
    more.enumerate()
        .map(|(place, kind)| {
            let (serial, section, port) = (kind.serial, kind.section, 3 + place);
            format!("[[meter]]\nserial = \"{serial}\"\nlink = \"tcp://127.0.0.1:{port}\"\n{section}\n")
        })
        .collect()
}
