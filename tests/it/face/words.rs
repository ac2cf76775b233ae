//! Pages in another language have no English left that nobody marked as such.

use super::tour::Tour;

/// Words that are English and nothing else, in text that is not marked as being in it.
const ENGLISH: &str = "(() => {
    const known = /\\b(the|and|which|with|from|this|that|are|was|were|not|your|you|have|has|been|there|their|what|when|who|of|is)\\b/gi;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        const parent = text.parentElement;
        if (parent.closest('script, style, code, pre, textarea, [lang=en], .given') || !parent.closest('[lang=cy]')) continue;
        if ((text.data.match(known) || []).length > 1) found.push(text.data.trim().slice(0, 70));
    }
    return found;
})()";

/// Pages that are written in English alone, each for whoever programs or runs a box: they say so by their `lang`.
#[test]
#[ignore = "counts, for people to read"]
fn english_on_welsh_pages() {
    for role in super::tour::ROLES {
        let mut tour = Tour::of(role);
        tour.page.go("/language/cy");
        tour.every_page(|page, path| {
            let found = page.eval(ENGLISH);
            let found = found.as_array().unwrap();
            if !found.is_empty() {
                println!("{role} {path}: {} texts, such as {}", found.len(), found[0]);
            }
        });
    }
}
