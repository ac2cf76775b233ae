//! The pages that everybody meets, in Welsh: signing in, a first password, what stands in place of an error, what moves and
//! what does not work. Each has its Welsh words, and none of the English ones.

use crate::accounts::{Browser, add, signed_in};
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

fn both() -> TestBox {
    TestBox::start_with(&format!("{CONFIG}[site]\nlanguages = [\"en\", \"cy\"]\n"))
}

/// A page has these words and none of those.
pub fn says(page: &str, welsh: &[&str], english: &[&str]) {
    assert!(page.contains("<html lang=\"cy\">"), "{page}");
    for words in welsh {
        assert!(page.contains(&words.replace('\'', "&#39;")), "{words}: {page}");
    }
    for words in english {
        assert!(!page.contains(words), "{words}: {page}");
    }
}

#[test]
fn signing_in_and_a_first_password_are_in_welsh_with_all_that_can_go_wrong() {
    let running = both();
    add(&running, "anna", "viewer");
    let mut browser = Browser::new(&running);
    browser.get("/language/cy");
    let english = ["Sign in", ">Name", ">Password", "Lost your password"];
    says(
        &browser.get("/login").text(),
        &["Mewngofnodi", "Enw", "Cyfrinair"],
        &english,
    );
    let wrong = browser.submit("/login", "/login", &[("username", "anna"), ("password", "wrong-horse")]);
    assert_eq!(wrong.status, 401);
    says(
        &wrong.text(),
        &["mae'r enw neu'r cyfrinair yn anghywir"],
        &["name or password is wrong"],
    );
    let forged = browser.post(
        "/login",
        &[
            ("csrf_token", "none"),
            ("username", "anna"),
            ("password", "correct-horse"),
        ],
    );
    assert_eq!(forged.status, 403);
    says(
        &forged.text(),
        &["ni ddaeth y ffurflen o'r wefan hon"],
        &["did not come from this site"],
    );

    let invited = running.json(&["user", "invite", "anna"]);
    let link = format!("/welcome/{}", invited["code"].as_str().unwrap());
    says(
        &browser.get(&link).text(),
        &["Croeso, anna", "Dewiswch gyfrinair", "Unwaith eto"],
        &["Welcome", "Choose a password", "Once more"],
    );
    for (password, again, welsh, english) in [
        (
            "another-horse",
            "another-mule",
            "Nid yw'r ddau gyfrinair yr un fath",
            "differ",
        ),
        ("short", "short", "o leiaf 10 nod", "at least"),
    ] {
        let answer = browser.submit(&link, &link, &[("password", password), ("again", again)]);
        assert_eq!(answer.status, 400);
        says(&answer.text(), &[welsh], &[english]);
    }
    let over = browser.get("/welcome/none");
    assert_eq!(over.status, 404);
    says(&over.text(), &["Mae'r ddolen hon ar ben"], &["This link is over"]);

    for _ in 0..12 {
        browser.submit("/login", "/login", &[("username", "anna"), ("password", "wrong-horse")]);
    }
    let held = browser.submit("/login", "/login", &[("username", "anna"), ("password", "wrong-horse")]);
    assert_eq!(held.status, 429);
    says(&held.text(), &["gormod o gynigion; arhoswch"], &["too many tries"]);
}

#[test]
fn what_stands_in_place_of_an_error_is_in_welsh_and_json_stays_english() {
    let running = both();
    let mut viewer = signed_in(&running, "viewer");
    viewer.get("/language/cy");
    for (path, status, welsh, english) in [
        ("/nowhere", 404, "Does dim byd yma", "There is nothing here"),
        (
            "/my",
            403,
            "I breswylwyr y mae'r dudalen hon",
            "This page is for residents",
        ),
        (
            "/box/people",
            403,
            "Nid yw eich rôl yn cynnwys hynny",
            "Your role does not cover that",
        ),
        (
            "/spaces/00000000000000000000000000000000",
            404,
            "Nid oes lle o'r fath",
            "There is no such space",
        ),
    ] {
        let answer = viewer.get(path);
        assert_eq!(answer.status, status, "{path}");
        says(
            &answer.text(),
            &[welsh, "I'r dudalen gyntaf"],
            &[english, "To the first page"],
        );
    }
    let forged = viewer.post("/logout", &[("csrf_token", "none")]);
    assert_eq!(forged.status, 403);
    says(
        &forged.text(),
        &["Ni dderbyniwyd y ffurflen honno"],
        &["That form was not taken"],
    );

    // Who is not signed in, and never chose: by what the browser asks for.
    let ask = |accept: &str, language: &str| {
        let headers = [("accept", accept), ("accept-language", language)];
        running.https().ask("GET", "/erasures/none", &headers)
    };
    says(
        &ask("text/html", "cy,en;q=0.5").text(),
        &["Does dim byd yma", "Mewngofnodi"],
        &["There is nothing here", "Sign in"],
    );
    assert!(ask("text/html", "en,cy;q=0.5").text().contains("There is nothing here"));
    let problem = ask("application/json", "cy");
    assert_eq!(
        problem.json()["title"],
        "There is nothing here",
        "programs read English"
    );
}

#[test]
fn pages_that_move_bring_the_words_for_it_and_no_script_has_any() {
    let running = both();
    let mut viewer = signed_in(&running, "viewer");
    viewer.get("/language/cy");
    says(
        &viewer.get("/spaces").text(),
        &[
            "data-live=\"yn fyw\"",
            "data-shown=\"Dangosir %\"",
            "data-lost=\"Ddim yn fyw: yn ceisio cyrraedd y blwch eto.\"",
        ],
        &["Not live", "\"live\"> "],
    );
    for name in ["live", "spaces", "meters", "my", "door", "kiosk"] {
        let script = std::fs::read_to_string(format!("web/assets/{name}.js")).unwrap();
        for words in ["Not live", "shown, live", "\"live\"", "Try again", "Sign in"] {
            // Parts of pages are found by their ids.
            let said = script.replace("getElementById(\"live\")", "");
            let said = said
                .replace("\"sum away\" : \"live\"", "")
                .replace("(away ? \"away\" : \"live\")", "");
            assert!(!said.contains(words), "{name}: {words}");
        }
    }
}

#[test]
fn the_page_on_privacy_says_in_welsh_that_it_is_english() {
    let running = both();
    let mut viewer = signed_in(&running, "viewer");
    for (path, name) in [("/docs/privacy", "Yr hyn sy'n hysbys am bwy"), ("/docs", "Docs")] {
        assert!(!viewer.get(path).text().contains("Yn Saesneg"), "{path} in English");
        viewer.get("/language/cy");
        let page = eventually("it is there in Welsh", || {
            let page = viewer.get(path).text();
            page.contains("<html lang=\"cy\">").then_some(page)
        });
        says(
            &page,
            &[
                name,
                "<main id=\"main\" lang=\"en\">",
                "<p class=\"note\" lang=\"cy\">Yn Saesneg y mae'r dudalen hon.</p>",
            ],
            &[],
        );
        viewer.get("/language/en");
    }
}
