//! Sections in which something stands beside what is the room's own: `[[uplink.rule]]` and `[[occupancy.webhook]]`. The
//! rooms do not know of it.

use std::fmt;
use std::sync::OnceLock;

use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, forward_to_deserialize_any};

use crate::domain::Faults;
use crate::{occupancy, rules, uplink, webhooks};

/// The `[uplink]` section: the road to the cloud, and the rules whose alarms it tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UplinkSection {
    /// What is the room's own.
    #[serde(flatten)]
    pub room: uplink::Config,
    /// When the box raises alarms of its own, beside the rules that are built in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rule: Vec<rules::Entry>,
}

/// The `[occupancy]` section: the room, and who is told of what happens in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OccupancySection {
    /// What is the room's own.
    #[serde(flatten)]
    pub room: occupancy::Config,
    /// Who is told when spaces get full and alarms begin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub webhook: Vec<webhooks::Entry>,
}

impl UplinkSection {
    /// What the keys cannot say each for itself.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let mut faults = self.room.faults();
        if let Err(wrong) = rules::rules(&self.rule) {
            faults.within("uplink.rule", wrong);
        }
        faults
    }
}

impl OccupancySection {
    /// What the keys cannot say each for itself.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let mut faults = self.room.faults();
        faults.within("occupancy.webhook", webhooks::faults(&self.webhook));
        faults
    }
}

impl<'de> Deserialize<'de> for UplinkSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<UplinkSection, D::Error> {
        static KEYS: Keys = OnceLock::new();
        let (room, rule) = apart(deserializer, "rule", &KEYS)?;
        Ok(UplinkSection { room, rule })
    }
}

impl<'de> Deserialize<'de> for OccupancySection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OccupancySection, D::Error> {
        static KEYS: Keys = OnceLock::new();
        let (room, webhook) = apart(deserializer, "webhook", &KEYS)?;
        Ok(OccupancySection { room, webhook })
    }
}

/// Every key of a section, for whoever mistypes one.
type Keys = OnceLock<Vec<&'static str>>;

/// A room's own section, and what stands in it under `key`. `flatten` would do the same, and forget which key a fault is
/// about, and which there are.
fn apart<'de, D, R, E>(deserializer: D, key: &'static str, keys: &'static Keys) -> Result<(R, Vec<E>), D::Error>
where
    D: Deserializer<'de>,
    R: Deserialize<'de>,
    E: Deserialize<'de>,
{
    let mut beside = Vec::new();
    let room = R::deserialize(Apart {
        inner: deserializer,
        key,
        keys,
        beside: &mut beside,
    })?;
    Ok((room, beside))
}

/// A section, or its keys, without the one that stands beside the room's own.
struct Apart<'b, T, E> {
    inner: T,
    key: &'static str,
    keys: &'static Keys,
    beside: &'b mut Vec<E>,
}

impl<'de, D: Deserializer<'de>, E: Deserialize<'de>> Deserializer<'de> for Apart<'_, D, E> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let Apart {
            inner,
            key,
            keys,
            beside,
        } = self;
        let all = keys.get_or_init(|| fields.iter().copied().chain([key]).collect());
        let visitor = Apart {
            inner: visitor,
            key,
            keys,
            beside,
        };
        inner.deserialize_struct(name, all, visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>, E: Deserialize<'de>> Visitor<'de> for Apart<'_, V, E> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Apart {
            inner: map,
            key: self.key,
            keys: self.keys,
            beside: self.beside,
        })
    }
}

impl<'de, A: MapAccess<'de>, E: Deserialize<'de>> MapAccess<'de> for Apart<'_, A, E> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.inner.next_key::<String>()? {
            if key == self.key {
                *self.beside = self.inner.next_value()?;
                continue;
            }
            let all = self.keys.get().map_or(&[][..], Vec::as_slice);
            if !all.contains(&key.as_str()) {
                return Err(serde::de::Error::unknown_field(&key, all));
            }
            return seed.deserialize(key.into_deserializer()).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::error::Kind;
    use figment::providers::{Format, Toml};

    use crate::config::Config;

    fn read(text: &str) -> Result<Config, Box<figment::Error>> {
        Figment::from(Toml::string(text)).extract().map_err(Box::new)
    }

    #[test]
    fn what_stands_beside_is_read_and_written_under_its_key() {
        let text = "[occupancy]\nanonymous = false\n[[occupancy.webhook]]\nname = \"w\"\nurl = \"https://a.example/***\"\n\
                    secret_file = \"/s\"\n[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://a.example\"\n[[uplink.rule]]\nid = \"r\"\n";
        let config = read(text).unwrap();
        let (occupancy, uplink) = (config.occupancy.clone().unwrap(), config.uplink.clone().unwrap());
        assert!(!occupancy.room.anonymous);
        assert_eq!(
            (occupancy.webhook[0].name.as_str(), uplink.rule[0].id.as_str()),
            ("w", "r")
        );
        let written = toml_edit::ser::to_string(&config).unwrap();
        assert_eq!(read(&written).unwrap(), config, "{written}");
    }

    #[test]
    fn a_fault_names_its_key_and_all_keys_that_there_are() {
        let uplink = "[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://a.example\"\n";
        let unknown = read(&format!("{uplink}[[uplink.rules]]\nid = \"r\"\n")).unwrap_err();
        let Kind::UnknownField(field, known) = &unknown.kind else {
            panic!("{unknown}")
        };
        assert_eq!(
            (field.as_str(), &unknown.path[..]),
            ("rules", &["uplink".to_owned()][..])
        );
        assert!(known.contains(&"rule") && known.contains(&"keep_alive"));
        let within = read(&format!("{uplink}[[uplink.rule]]\nid = 7\n")).unwrap_err();
        assert_eq!(within.path, ["uplink", "rule", "0", "id"]);
    }
}
