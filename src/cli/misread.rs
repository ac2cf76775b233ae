//! A command line that cannot be read, and what is said of it.

use std::error::Error;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};

use super::print;

/// Says what is wrong with a command line, or the help that was asked for. A number that is none is told in words of ours:
/// the library's own speak of digits and types.
pub(super) fn say(error: &clap::Error) {
    let told = error.source().and_then(|why| Some((why.to_string(), words(why)?)));
    let Some((theirs, ours)) = told else {
        // A terminal that went away is no fault.
        let _ = error.print();
        return;
    };
    for line in error.render().to_string().replace(&theirs, ours).lines() {
        print::note(format_args!("{line}"));
    }
}

fn words(why: &(dyn Error + 'static)) -> Option<&'static str> {
    if why.is::<ParseFloatError>() {
        return Some("it is not a number such as 0.5");
    }
    Some(match why.downcast_ref::<ParseIntError>()?.kind() {
        IntErrorKind::PosOverflow => "the number is too large",
        IntErrorKind::NegOverflow => "the number is too small",
        _ => "it is not a whole number such as 50",
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Given {
        #[arg(long)]
        count: Option<u16>,
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=9))]
        few: Option<u16>,
        #[arg(long)]
        share: Option<f64>,
    }

    #[test]
    fn a_number_that_is_none_is_told_in_our_words() {
        for (option, text, ours) in [
            ("--count", "x", Some("it is not a whole number such as 50")),
            ("--count", "99999", None),
            ("--few", "x", Some("it is not a whole number such as 50")),
            ("--few", "99999999999999999999", Some("the number is too large")),
            ("--share", "half", Some("it is not a number such as 0.5")),
        ] {
            let error = Given::try_parse_from(["it", option, text]).err().unwrap();
            assert_eq!(error.source().and_then(words), ours, "{option} {text}: {error}");
        }
    }
}
