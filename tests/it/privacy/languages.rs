//! What is held of somebody, taking it and having it erased, in Welsh.

use super::{forgotten, lived_in, signed_in};
use crate::support::eventually;
use crate::welsh::says;

#[test]
fn what_is_held_and_what_becomes_of_it_is_told_in_welsh() {
    let (mut consented, _) = lived_in();
    let file = consented.running.config_file();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\n[site]\nlanguages = [\"en\", \"cy\"]\n")).unwrap();
    consented.running.stop();
    consented.running.run();
    let mut browser = signed_in(&consented, "resident");
    browser.get("/language/cy");
    says(
        &browser.get("/me/data").text(),
        &[
            "Eich data",
            "Popeth sydd gan y blwch hwn amdanoch",
            "Eich cyfrif: yr enw resident",
            "Hanner oriau mesurydd",
            "1 caniatâd",
        ],
        &[
            "Your data",
            "Take it",
            "Your account",
            "Half-hours of",
            "permission that",
        ],
    );
    let ask = browser.get("/me/forget").text();
    says(
        &ask,
        &[
            "Dileu eich data?",
            "am ddwy flynedd ar ôl ei ddiwedd, heb eich enw",
            "Cofnod y llyfr, a'i gipluniau",
            "Cof y mesurydd ei hun",
            "Ei ddileu nawr",
        ],
        &[
            "What goes",
            "What stays",
            "for two years",
            "The log of the book",
            "The meter&#39;s own",
            "Erase it",
        ],
    );
    let unsure = browser.post("/me/forget", &[("csrf_token", &crate::perseus::fixture::csrf(&ask))]);
    assert_eq!(unsure.status, 400);
    says(&unsure.text(), &["Ticiwch eich bod yn gwybod"], &["Tick that"]);
    let erasure = forgotten(&mut browser);
    let page = eventually("it is erased", || {
        let page = browser.get(&erasure).text();
        page.contains("Mae wedi").then_some(page)
    });
    says(
        &page,
        &["Mae wedi'i ddileu", "Gofynnwyd amdano ar", "Rhif y dilead hwn"],
        &["It is erased", "Asked for", "Number of this"],
    );
}
