//! Which addresses lead to pages of one kind.

/// The address with every name, number and day taken out: two that have one shape are one kind of page.
pub fn shape(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| if is_name(part) { "*" } else { part })
        .collect();
    let mut keys: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    keys.retain(|key| !key.is_empty());
    keys.sort_unstable();
    match keys.is_empty() {
        true => parts.join("/"),
        false => format!("{}?{}", parts.join("/"), keys.join("&")),
    }
}

/// Ids, serials, days, hosts: what is one of many.
fn is_name(part: &str) -> bool {
    let digits = part.chars().filter(char::is_ascii_digit).count();
    digits >= 2 || part.contains('@') || part.len() > 24
}

#[test]
fn names_numbers_and_days_make_no_other_kind() {
    assert_eq!(
        shape("/energy/EML2137580826/health"),
        shape("/energy/EML2137580827/health")
    );
    assert_eq!(shape("/energy/EML2137580826?day=2026-01-02"), "/energy/*?day");
    assert_ne!(
        shape("/energy/EML2137580826/health"),
        shape("/energy/EML2137580826/log")
    );
    assert_eq!(shape("/spaces/0191-ab12/door"), "/spaces/*/door");
    assert_eq!(shape("/box/people"), "/box/people");
    assert_eq!(shape("/energy?sort=name&page=2"), "/energy?page&sort");
}
