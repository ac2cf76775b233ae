//! `resolve`: the addresses of a name, as the box itself sees them.
//!
//! Not for everyday use and therefore hidden: a static binary looks names up in `/etc/hosts` and DNS only,
//! and `tests/nss` proves by this command that the host's own name services are left alone.

use std::net::{IpAddr, ToSocketAddrs};

use clap::Args;

use super::{CliError, print};

/// Which name.
#[derive(Args)]
pub(super) struct Resolve {
    /// A DNS name
    name: String,
}

impl Resolve {
    /// Prints each address once, in the order in which they would be tried.
    pub(super) fn run(&self) -> Result<(), CliError> {
        let found = (self.name.as_str(), 0)
            .to_socket_addrs()
            .map_err(|error| CliError::not_reachable(format_args!("{} has no address: {error}", self.name)))?;
        let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
        addresses.dedup();
        for address in addresses {
            print::line(format_args!("{address}"));
        }
        Ok(())
    }
}
