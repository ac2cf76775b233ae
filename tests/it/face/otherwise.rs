//! Pages as they are for whoever has large letters, a narrow window, colours of their own, paper, no script or no mouse.
//! `cargo nextest run --run-ignored only face::otherwise`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::tour::{ROLES, Tour};
use crate::support::chromium::Page;

const STICKS_OUT: &str = "document.documentElement.scrollWidth - window.innerWidth";

/// Text of which a part cannot be read, as it is cut off by its own box.
const CUT_OFF: &str = "[...document.querySelectorAll('main *')].filter(one => {
    const style = getComputedStyle(one);
    const cut = ['hidden', 'clip'].includes(style.overflowX) && one.scrollWidth > one.clientWidth + 1;
    return cut && style.position !== 'absolute' && one.clientWidth > 1 && one.textContent.trim() && !one.closest('svg');
}).map(one => one.tagName + '.' + one.className + ' ' + one.textContent.trim().slice(0, 40))";

/// Every page of every role; what is wrong is told together.
fn everywhere(look: impl FnMut(&mut Page, &str, &mut Vec<String>)) {
    everywhere_with(&[], look);
}

/// The same in a browser with more words on its command line.
fn everywhere_with(more: &[&str], mut look: impl FnMut(&mut Page, &str, &mut Vec<String>)) {
    let mut wrong = Vec::new();
    for role in ROLES {
        let mut tour = Tour::with(role, more);
        tour.every_page(|page, path| {
            let mut here = Vec::new();
            look(page, path, &mut here);
            wrong.extend(here.into_iter().map(|what| format!("{role} {path}: {what}")));
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn fits(page: &mut Page, wrong: &mut Vec<String>) {
    let out = page.eval(STICKS_OUT).as_i64().unwrap();
    if out > 0 {
        wrong.push(format!("{out} pixels stick out"));
    }
    let cut = page.eval(CUT_OFF);
    wrong.extend(cut.as_array().unwrap().iter().map(|one| format!("is cut off: {one}")));
}

#[test]
#[ignore = "every page once more: a named run"]
fn at_320_pixels() {
    everywhere(|page, _, wrong| {
        page.look(320, "light");
        fits(page, wrong);
    });
}

/// WCAG 2.2, 1.4.4.
#[test]
#[ignore = "every page once more: a named run"]
fn with_text_of_twice_the_size() {
    everywhere_with(&["--blink-settings=defaultFontSize=32"], |page, path, wrong| {
        page.look(1280, "light");
        page.go(path);
        assert_eq!(
            page.eval("parseFloat(getComputedStyle(document.documentElement).fontSize)"),
            32
        );
        fits(page, wrong);
    });
}

/// What tells something by its ground or frame alone is gone where colours are the reader's own.
#[test]
#[ignore = "every page once more: a named run"]
fn in_forced_colours() {
    const BARE: &str = "[...document.querySelectorAll('button, .button, input, select, textarea')].filter(one => {
        const style = getComputedStyle(one);
        return one.offsetWidth > 1 && !['checkbox', 'radio'].includes(one.type) && style.borderTopWidth === '0px' && style.outlineStyle === 'none' && !one.closest('.hidden');
    }).map(one => one.outerHTML.slice(0, 80))";
    everywhere(|page, _, wrong| {
        page.look(1280, "light");
        let features = json!([{ "name": "forced-colors", "value": "active" }]);
        page.command("Emulation.setEmulatedMedia", json!({ "features": features }));
        let bare = page.eval(BARE);
        wrong.extend(
            bare.as_array()
                .unwrap()
                .iter()
                .map(|one| format!("has no frame: {one}")),
        );
        let hidden = page.eval("[...document.querySelectorAll('.plot path, .plot rect')].filter(one => getComputedStyle(one).forcedColorAdjust === 'auto' && ['none', 'rgba(0, 0, 0, 0)'].includes(getComputedStyle(one).fill) && ['none', 'rgba(0, 0, 0, 0)'].includes(getComputedStyle(one).stroke)).length");
        if hidden.as_u64() > Some(0) {
            wrong.push(format!("{hidden} marks of plots are not to be seen"));
        }
    });
}

/// What only leads elsewhere is not printed; what is told is, and nothing is lost at the right.
#[test]
#[ignore = "every page once more: a named run"]
fn on_paper() {
    const PRINTED: &str = "[...document.querySelectorAll('header nav, .who button, main button')].filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 80))";
    everywhere(|page, _, wrong| {
        page.look(718, "light");
        page.command("Emulation.setEmulatedMedia", json!({ "media": "print" }));
        let printed = page.eval(PRINTED);
        wrong.extend(
            printed
                .as_array()
                .unwrap()
                .iter()
                .map(|one| format!("is printed: {one}")),
        );
        if page
            .eval("document.querySelector('main').innerText.trim().length")
            .as_u64()
            < Some(10)
        {
            wrong.push("nothing is printed".to_owned());
        }
        fits(page, wrong);
        page.command("Emulation.setEmulatedMedia", json!({ "media": "" }));
    });
}

#[test]
#[ignore = "every page once more: a named run"]
fn without_a_script() {
    let said = |page: &mut Page| {
        let text = page.eval("document.querySelector('main').innerText.replace(/[0-9]/g, '').trim().length");
        text.as_u64().unwrap()
    };
    everywhere(|page, path, wrong| {
        page.look(360, "light");
        page.scripts(false);
        page.go(path);
        if said(page) < 10 {
            wrong.push("says nothing".to_owned());
        }
        let dead = page.eval("[...document.querySelectorAll('main button')].filter(one => one.checkVisibility() && !one.form && !one.closest('[hidden]')).map(one => one.outerHTML.slice(0, 80))");
        wrong.extend(
            dead.as_array()
                .unwrap()
                .iter()
                .map(|one| format!("does nothing: {one}")),
        );
        page.scripts(true);
    });
}

/// Tab leads to everything that can be used, in the order of the page, out again, and shows where it is.
#[test]
#[ignore = "every page once more: a named run"]
fn by_keyboard_alone() {
    const REACHABLE: &str = "(() => {
        const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(one =>
            one.tabIndex >= 0 && !one.disabled && one.type !== 'hidden' && one.checkVisibility());
        const radios = new Set();
        window.wanted = all.filter(one => one.type !== 'radio' || !radios.has(one.name) && radios.add(one.name));
        return window.wanted.length;
    })()";
    const HERE: &str = "(() => {
        const one = document.activeElement;
        if (!one || one === document.body) return null;
        const style = getComputedStyle(one), box = one.getBoundingClientRect();
        const shown = one.type === 'date' || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none';
        const inside = box.bottom > 0 && box.top < innerHeight && box.width > 0;
        return [window.wanted.findIndex(wanted => wanted === one || one.type === 'radio' && wanted.name === one.name), shown && inside, one.outerHTML.slice(0, 70)];
    })()";
    everywhere(|page, path, wrong| {
        page.look(1280, "light");
        page.go(path);
        page.eval("document.activeElement?.blur?.(); 0");
        let wanted = page.eval(REACHABLE).as_u64().unwrap();
        let mut reached: BTreeMap<i64, Value> = BTreeMap::new();
        // A field for a day has parts of its own; and where the page gave the focus to one, the way goes on from there.
        for _ in 0..wanted * 2 + 10 {
            for kind in ["rawKeyDown", "keyUp"] {
                let key = json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9 });
                page.command("Input.dispatchKeyEvent", key);
            }
            let here = page.eval(HERE);
            let Some(at) = here[0].as_i64() else { continue };
            if here[1] != true {
                wrong.push(format!("is not shown to have the focus: {}", here[2]));
            }
            reached.insert(at, here[2].clone());
            if reached.len() as u64 == wanted {
                break;
            }
        }
        if (reached.len() as u64) < wanted && wanted < 200 {
            wrong.push(format!("{} of {wanted} are reached", reached.len()));
        }
    });
}
