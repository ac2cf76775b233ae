//! Whether the box's name leads to the box.

use std::net::IpAddr;

use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use crate::app::hostname::{self, Leads};
use crate::tls::Step;

pub(super) use crate::app::hostname::is_ours;

pub(in crate::cli) async fn look(patient: &Patient) -> Vec<Step> {
    let name = &patient.config.site.hostname;
    vec![told(name, &hostname::leads(name).await)]
}

fn told(name: &str, leads: &Leads) -> Step {
    let listed = |found: &[IpAddr]| found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match leads {
        Leads::Unset => doubt(
            "name",
            "people can reach the box only on itself: site.hostname is not set",
            "set site.hostname to the name or address by which phones reach the box",
        ),
        Leads::Here(found) => good(
            "name",
            format_args!("{name} is {}, which is this machine", listed(found)),
        ),
        Leads::Elsewhere(found) => doubt(
            "name",
            format_args!(
                "{name} is {}, which is another machine, or a router that leads here",
                listed(found)
            ),
            "open it from a phone; if that fails, mend the record or the router's port forwarding",
        ),
        Leads::Nowhere(why) => bad(
            "name",
            format_args!("{name} leads nowhere: {why}"),
            &format!(
                "add a record for {name} where the network's names are kept, or give the box an address that stays"
            ),
        ),
    }
}
