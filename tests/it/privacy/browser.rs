//! The pages in a browser, on a telephone and on a desk: taking one's data, having it erased.

use std::path::Path;

use serde_json::json;

use super::lived_in;
use crate::perseus::fixture::PASSWORD;
use crate::support::chromium::Page;

/// The page fits both widths; a picture of each, where pictures are wanted.
fn fits(page: &mut Page, name: &str) {
    for width in [360, 1280] {
        page.look(width, "light");
        let fits = page.eval("document.documentElement.scrollWidth <= innerWidth");
        assert_eq!(fits, json!(true), "{name} at {width}");
        if let Some(folder) = std::env::var_os("GATELODGE_TEST_PICTURES") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(Path::new(&folder).join(format!("{name}-{width}.png")), page.picture()).unwrap();
        }
    }
}

#[test]
fn somebody_takes_their_data_and_goes_by_clicking_alone() {
    let (consented, _) = lived_in();
    let mut page = Page::new(consented.https_port, &consented.running.ca_file());
    page.look(360, "light");
    page.go("/login");
    page.type_into("input[name=username]", "resident");
    page.type_into("input[name=password]", PASSWORD);
    page.leaving(|page| page.click("main button"));

    page.go("/permissions");
    page.click("details summary");
    page.until(
        "what was fetched",
        "document.querySelector('details[open] li').textContent.includes('48 half-hours')",
    );
    fits(&mut page, "sharing");
    page.leaving(|page| page.click("form.who a[href='/me']"));
    page.until("their own page", "location.pathname === '/me'");
    page.leaving(|page| page.click("main a[href='/me/data']"));
    page.until("the page of their data", "location.pathname === '/me/data'");
    fits(&mut page, "data");
    page.leaving(|page| page.click("main form button"));
    // It loads itself anew until it is there.
    page.until("the archive is there", "document.querySelector('a[download]') !== null");
    fits(&mut page, "data-ready");
    let bytes = page.eval("fetch('/me/data/archive').then(answer => answer.blob()).then(blob => blob.size)");
    assert!(bytes.as_u64().unwrap() > 10_000, "{bytes}");

    page.leaving(|page| page.click("a[href='/me/forget']"));
    fits(&mut page, "forget");
    page.click("input[name=sure]");
    page.type_into("input[name=password]", PASSWORD);
    page.leaving(|page| page.click("main form button"));
    page.until(
        "it is erased",
        "document.querySelector('h1')?.textContent === 'It is erased'",
    );
    fits(&mut page, "erasure");
    assert_eq!(
        page.eval("document.querySelector('form.who') === null"),
        json!(true),
        "nobody is signed in"
    );
    page.go("/me/data");
    page.until("whoever comes back signs in", "location.pathname === '/login'");
    assert_eq!(page.faults(), Vec::<String>::new());
}
