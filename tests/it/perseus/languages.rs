//! A person is asked in the language that they read, agrees to words in that language, and the evidence keeps both.

use super::fixture::{Browser, Consented, SOURCE, csrf, query};
use crate::welsh::says;

/// A box whose pages are there in both languages, and whose licence is, as far as `keys` says so.
fn both(translated: bool) -> Consented {
    let consented = Consented::start_with("", "[site]\nlanguages = [\"en\", \"cy\"]\n");
    if translated {
        let words = consented.running.dir.join("licence.cy.txt");
        let welsh = "Mae [CAP] yn gofyn i [EDP] am eich hanner oriau.\n\nGweler [EDP privacy policy link].\n";
        std::fs::write(&words, welsh).unwrap();
        let file = consented.running.config_file();
        let text = std::fs::read_to_string(&file).unwrap();
        let key = format!("translations = {{ cy = {words:?} }}\ntext_file");
        std::fs::write(&file, text.replacen("text_file", &key, 1)).unwrap();
        consented.running.signal(rustix::process::Signal::HUP);
    }
    consented
}

fn hidden(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\" value=\"")).unwrap();
    page[at..].split('"').nth(3).unwrap().to_owned()
}

fn asked(consented: &Consented) -> (Browser<'_>, String) {
    let mut browser = consented.browser();
    browser.get("/language/cy");
    let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "resident");
    (browser, consent)
}

#[test]
fn somebody_agrees_to_welsh_words_and_the_evidence_has_them_and_says_so() {
    let consented = both(true);
    let (mut browser, consent) = asked(&consented);
    let page = crate::support::eventually("the Welsh words are in force", || {
        let page = browser.get(&consent).text();
        page.contains("yn gofyn i Lodge").then_some(page)
    });
    says(
        &page,
        &[
            "yn gofyn am weld eich hanner oriau",
            "Bydd yn cael",
            "yr hyn a ddefnyddiwch a yr hyn a roddwch yn ôl i'r grid",
            "Y geiriau rydych yn cytuno iddynt",
            "1 flwyddyn: hyd",
            "<span lang=\"en\">It works out what you emit.</span>",
            "Peidio â chaniatáu",
        ],
        &[
            "asks to see",
            "It will get",
            "each half-hour",
            "Allow<",
            "1 year",
            "asks Lodge for",
            "The words that you agree to",
        ],
    );

    // Who opened the page in one language does not agree to the words of the other.
    let (token, shown) = (csrf(&page), hidden(&page, "shown"));
    browser.get("/language/en");
    let fields = [
        ("csrf_token", token.as_str()),
        ("shown", &shown),
        ("datasource", SOURCE),
        ("decision", "allow"),
    ];
    let answer = browser.post(&consent, &fields);
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("has changed since"), "{}", answer.text());
    browser.get("/language/cy");
    let answer = browser.post(&consent, &fields);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let code = query(answer.header("location").unwrap())["code"].clone();
    assert_eq!(consented.redeem("saver", &code, &[]).status, 200);

    let list = browser.get("/permissions").text();
    says(
        &list,
        &[
            "Pwy sy'n gweld eich data",
            "caniateir",
            "Hanner oriau Flat 1",
            "Yr hyn y cytunoch iddo",
            "Ni nolwyd dim eto",
        ],
        &[
            "Who sees your data",
            ">allowed<",
            "Half-hours of",
            "What you agreed to",
            "Nothing was fetched",
        ],
    );
    let evidence = list
        .split("href=\"/evidence/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let evidence = format!("/evidence/{evidence}");
    says(
        &browser.get(&evidence).text(),
        &[
            "<div lang=\"cy\"><p>Mae Acme",
            "Cytunwyd iddynt yn yr iaith hon: Cymraeg.",
            "nolodd y rhaglen ei thocyn",
            "(cy)",
        ],
        &["Evidence", "What happened", "the application fetched"],
    );
    // Whoever reads it in English finds the same words, said to be Welsh.
    let english = consented.browser().get(&evidence).text();
    assert!(
        english.contains("<html lang=\"en\">") && english.contains("<div lang=\"cy\"><p>Mae Acme"),
        "{english}"
    );
    assert!(
        english.contains("They were agreed to in this language: Cymraeg."),
        "{english}"
    );

    let stop = list.split("href=\"").find(|rest| rest.contains("/stop\"")).unwrap();
    let stop = stop.split('"').next().unwrap().to_owned();
    let page = browser.get(&stop).text();
    says(
        &page,
        &["Ei atal nawr", "Ei adael fel y mae"],
        &["Stop it now", "from this moment on"],
    );
    assert_eq!(browser.post(&stop, &[("csrf_token", &csrf(&page))]).status, 303);
    says(
        &browser.get("/permissions").text(),
        &["ataliwyd", "gan chi"],
        &["stopped", "by you"],
    );
}

#[test]
fn a_licence_that_is_english_alone_is_agreed_to_in_english_on_a_welsh_page() {
    let consented = both(false);
    let (mut browser, consent) = asked(&consented);
    says(
        &browser.get(&consent).text(),
        &[
            "Dim ond yn yr iaith hon y mae'r geiriau hyn: English.",
            "<div lang=\"en\"><p>Acme",
        ],
        &["The words that you agree to"],
    );
    let nothing = browser.answer_consent(&consent, &[("datasource", SOURCE)]);
    assert_eq!(nothing.status, 422);
    says(&nothing.text(), &["Dewiswch un o'r ddau fotwm"], &["Choose one"]);
    let back = browser.decide(&consent, &[("datasource", SOURCE), ("decision", "allow")]);
    assert!(back.contains("code="), "{back}");
    let list = browser.get("/permissions").text();
    let evidence = list
        .split("href=\"/evidence/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    says(
        &browser.get(&format!("/evidence/{evidence}")).text(),
        &[
            "<div lang=\"en\"><p>Acme",
            "Cytunwyd iddynt yn yr iaith hon: English.",
            "(en)",
        ],
        &["They were agreed"],
    );
    let over = browser.get("/consent?i=none");
    assert_eq!(over.status, 400);
    says(&over.text(), &["Mae'r cais hwn ar ben"], &["This request is over"]);
}
