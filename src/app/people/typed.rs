//! What somebody typed into a form of people or tokens, so that it comes back as it was when it is not taken.

use std::collections::BTreeMap;

use crate::accounts::{Role, Scope, Wanted};
use crate::domain::SpaceId;
use crate::http::Problem;

/// The fields of a form: which boxes there are depends on what there is to tick.
pub(super) type Fields = BTreeMap<String, String>;

/// What stands before the id of a space in the name of its box.
const SPACE: &str = "space-";
/// What stands before a scope in the name of its box.
const SCOPE: &str = "scope-";

/// A text field without what surrounds it.
pub(super) fn text(fields: &Fields, name: &str) -> String {
    fields.get(name).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// The role that was chosen.
pub(super) fn role(fields: &Fields) -> Option<Role> {
    let chosen = text(fields, "role");
    Role::ALL.into_iter().find(|role| role.name() == chosen)
}

/// The meters that were typed: serials, each with or without its day, with anything between them.
///
/// # Errors
///
/// In words, which of them is none.
pub(super) fn meters(fields: &Fields) -> Result<Vec<Wanted>, String> {
    let typed = text(fields, "meters");
    let each = typed.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';'));
    each.filter(|one| !one.is_empty())
        .map(|one| one.parse().map_err(|error| format!("{one}: {error}")))
        .collect()
}

/// The spaces that were ticked.
pub(super) fn spaces(fields: &Fields) -> Vec<SpaceId> {
    let ticked = fields.keys().filter_map(|name| name.strip_prefix(SPACE)?.parse().ok());
    ticked.collect()
}

/// The scopes that were ticked.
pub(super) fn scopes(fields: &Fields) -> Vec<Scope> {
    let is_ticked = |scope: &Scope| fields.contains_key(&format!("{SCOPE}{}", scope.name()));
    Scope::all().iter().copied().filter(is_ticked).collect()
}

/// A box that can be ticked.
pub(super) struct Tick {
    /// The name of its field.
    pub(super) field: String,
    /// What stands beside it.
    pub(super) words: String,
    pub(super) ticked: bool,
}

/// A box for each space; one that is linked and is no more has one too.
pub(super) fn space_ticks(known: Vec<(SpaceId, Option<String>)>, ticked: &[SpaceId]) -> Vec<Tick> {
    let is_known = |space: &SpaceId| known.iter().any(|(id, _)| id == space);
    let gone: Vec<_> = ticked
        .iter()
        .filter(|space| !is_known(space))
        .map(|space| (*space, None))
        .collect();
    let all = known.into_iter().chain(gone);
    all.map(|(id, name)| Tick {
        field: format!("{SPACE}{id}"),
        words: name.unwrap_or_else(|| id.to_string()),
        ticked: ticked.contains(&id),
    })
    .collect()
}

/// A box for each scope.
pub(super) fn scope_ticks(ticked: &[Scope]) -> Vec<Tick> {
    let tick = |scope: &Scope| Tick {
        field: format!("{SCOPE}{}", scope.name()),
        words: scope.name(),
        ticked: ticked.contains(scope),
    };
    Scope::all().iter().map(tick).collect()
}

/// What somebody is told whose form was not taken.
pub(super) fn words(problem: &Problem) -> String {
    problem.details().unwrap_or_else(|| problem.title()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(&str, &str)]) -> Fields {
        list.iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn meters_stand_in_one_field_with_anything_between_them() {
        let typed = fields(&[("meters", " EML1@2026-05-01,EML2;\r\n EML3 ")]);
        let read: Vec<String> = meters(&typed).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(read, ["EML1@2026-05-01", "EML2", "EML3"]);
        assert!(meters(&fields(&[])).unwrap().is_empty());
        let wrong = meters(&fields(&[("meters", "EML1 EML2@yesterday")])).unwrap_err();
        assert!(wrong.starts_with("EML2@yesterday: "), "{wrong}");
    }

    #[test]
    fn what_is_ticked_comes_back_ticked() {
        let typed = fields(&[("scope-spaces:read", "on"), ("scope-nope", "on"), ("role", "doorman")]);
        assert_eq!(scopes(&typed), [Scope::SpacesRead]);
        let ticked: Vec<String> = scope_ticks(&scopes(&typed))
            .into_iter()
            .filter(|tick| tick.ticked)
            .map(|tick| tick.field)
            .collect();
        assert_eq!(ticked, ["scope-spaces:read"]);
        assert_eq!(
            (role(&typed), role(&fields(&[("role", "king")]))),
            (Some(Role::Doorman), None)
        );
        let gone: SpaceId = "0190a5a4-7b1e-7cc3-98c4-dc0c0c07398f".parse().unwrap();
        let ticks = space_ticks(Vec::new(), &[gone]);
        assert!(ticks.len() == 1 && ticks[0].ticked, "what is no more can be unticked");
        assert_eq!(spaces(&fields(&[(ticks[0].field.as_str(), "on")])), [gone]);
    }
}
