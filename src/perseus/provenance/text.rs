//! The bytes that are signed (PER §7.2).

use serde_json::Value;

/// The one format of signature blocks that there is.
pub(super) const VERSION: u64 = 0;

/// The text of a signed list: the framework's URL, each element, and what the signature block says before the signature.
/// A list inside is taken with all that it has, between `%` and `&`.
pub(super) fn to_sign(framework: &str, elements: &[Value], block: [&str; 3]) -> String {
    let mut parts = vec![framework.to_owned()];
    gather(elements, &mut parts);
    parts.extend(block.map(str::to_owned));
    parts.join(".")
}

fn gather(elements: &[Value], parts: &mut Vec<String>) {
    for element in elements {
        match element {
            Value::String(text) => parts.push(text.clone()),
            Value::Array(inside) => {
                parts.push("%".to_owned());
                gather(inside, parts);
                parts.push("&".to_owned());
            }
            other => parts.push(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_inside_stands_between_marks_with_its_own_signature() {
        let received = json!(["s1", [0, "11", "T1", "sig1"]]);
        let elements = [received, json!("s2")];
        assert_eq!(
            to_sign("TF", &elements, ["0", "22", "T2"]),
            "TF.%.s1.%.0.11.T1.sig1.&.&.s2.0.22.T2"
        );
        assert_eq!(to_sign("TF", &[json!("s1")], ["0", "11", "T1"]), "TF.s1.0.11.T1");
    }
}
