//! A meter as applications know it, as the configuration has it now (PER §4.2).

use super::filter::{Filter, masked, word};
use super::room::Perseus;
use crate::domain::{Element, Measure, Meter, MeterId};
use crate::store::ReadError;
use crate::store::meters::Meters as Registry;

/// What of a meter applications may be shown at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) id: String,
    /// The first half of its postcode.
    pub(super) outcode: String,
    /// Absent: the sum of the elements.
    pub(super) element: Option<Element>,
    /// Import first.
    pub(super) measures: Vec<Measure>,
}

impl Source {
    /// What a meter is to applications; `None`: nothing.
    pub(super) fn of(meter: &Meter) -> Option<Source> {
        let source = meter.datasource.clone()?;
        Some(Source {
            id: source.id.unwrap_or_else(|| meter.serial.to_string()),
            outcode: source.outcode.unwrap_or_default(),
            element: source.element.as_deref().and_then(element),
            measures: measures(&source.measures),
        })
    }

    /// What is left of a filter: what is not offered any more is not let out, and what came since is not either.
    fn narrowed(&self, mut filter: Filter) -> Option<Filter> {
        filter.measures.retain(|measure| self.measures.contains(measure));
        let same = filter.source == self.id && filter.element == self.element;
        (same && !filter.measures.is_empty()).then_some(filter)
    }
}

fn element(text: &str) -> Option<Element> {
    match text {
        "A" => Some(Element::A),
        "B" => Some(Element::B),
        _ => None,
    }
}

/// What is shared, import first; where nothing is said, both.
fn measures(texts: &[String]) -> Vec<Measure> {
    let all = [Measure::Import, Measure::Export];
    let shared = |measure: &Measure| texts.is_empty() || texts.iter().any(|text| text == word(*measure));
    all.into_iter().filter(shared).collect()
}

impl Perseus {
    /// Every meter that is a data source.
    pub(super) fn sources(&self) -> Result<Vec<(Meter, Source)>, ReadError> {
        let added = Registry::new(self.store.clone()).added()?;
        let of_configuration = self.meters.iter();
        let all = of_configuration.chain(
            added
                .iter()
                .filter(|meter| !self.meters.iter().any(|one| one.serial == meter.serial)),
        );
        Ok(all
            .filter_map(|meter| Some((meter.clone(), Source::of(meter)?)))
            .collect())
    }

    /// What of these filters is still offered.
    pub(super) fn still_offered(&self, filters: Vec<Filter>) -> Result<Vec<Filter>, ReadError> {
        let mut left = Vec::new();
        for filter in filters {
            let source = self.meter(&filter.meter)?.as_ref().and_then(Source::of);
            left.extend(source.and_then(|source| source.narrowed(filter)));
        }
        Ok(left)
    }

    /// What people here call the meter of a filter, with enough of its id to know it again.
    pub(super) fn called(&self, filter: &Filter) -> Result<String, ReadError> {
        let name = self.meter(&filter.meter)?.and_then(|meter| meter.name);
        let id = masked(&filter.source);
        Ok(name.map_or(id.clone(), |name| format!("{name} ({id})")))
    }

    fn meter(&self, serial: &MeterId) -> Result<Option<Meter>, ReadError> {
        match self.meters.iter().find(|one| one.serial == *serial) {
            Some(meter) => Ok(Some(meter.clone())),
            None => Registry::new(self.store.clone()).get(serial),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Datasource;
    use crate::perseus::filter::Resolution;

    fn meter(id: Option<&str>, measures: &[&str], element: Option<&str>) -> Meter {
        Meter {
            serial: "EML1".parse().unwrap(),
            link: "tcp://a:1".into(),
            esco: None,
            name: None,
            feeder: None,
            hardware: None,
            datasource: Some(Datasource {
                id: id.map(str::to_owned),
                outcode: None,
                measures: measures.iter().map(|one| (*one).to_owned()).collect(),
                element: element.map(str::to_owned),
            }),
            counts: crate::domain::Counts::Unit,
            space: None,
        }
    }

    #[test]
    fn what_is_not_offered_any_more_is_not_let_out() {
        let filter = Filter {
            source: "S1".into(),
            outcode: String::new(),
            meter: "EML1".parse().unwrap(),
            element: None,
            measures: vec![Measure::Import],
            from: jiff::Timestamp::MIN,
            until: jiff::Timestamp::MAX,
            licence: "https://r.example/licence".into(),
            resolution: Resolution::HalfHours,
        };
        let left = |now: &Meter| Source::of(now).and_then(|source| source.narrowed(filter.clone()));
        assert_eq!(
            left(&meter(Some("S1"), &[], None)),
            Some(filter.clone()),
            "export came since and is not let out"
        );
        for now in [
            meter(Some("S2"), &[], None),
            meter(None, &[], None),
            meter(Some("S1"), &["export"], None),
            meter(Some("S1"), &[], Some("A")),
            Meter {
                datasource: None,
                counts: crate::domain::Counts::Unit,
                space: None,
                ..meter(None, &[], None)
            },
        ] {
            assert_eq!(left(&now), None, "{now:?}");
        }
        assert_eq!(Source::of(&meter(None, &[], None)).unwrap().id, "EML1");
    }
}
