//! What a proxy says before a connection that it hands on: the header of the PROXY protocol, version 2
//! (haproxy's `proxy-protocol.txt`, §2.2). Pure.
//!
//! A header is [`PREFIX`] bytes that say how long the rest is, and the rest: two addresses, and after them fields that
//! somebody else may need. Those are passed over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The bytes of every header that come first.
pub const PREFIX: usize = 16;
/// The longest rest that is taken, in bytes: addresses take 216 at most, and what proxies add a few hundred.
pub const LONGEST: usize = 4096;
/// What says that a connection is the proxy's own.
pub const LOCAL: [u8; PREFIX] = *b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/// How every header begins.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// The first bytes of a header, which say what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    meaning: Meaning,
    rest: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// The proxy's own connection, or one of a kind that has no addresses for us.
    Own,
    V4,
    V6,
}

/// Between whom the connection is, where the proxy says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Who called the proxy.
    pub client: SocketAddr,
    /// Where.
    pub reached: SocketAddr,
}

/// The bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyHeaderError {
    /// Something else begins there.
    #[error("what came first is no PROXY header of version 2")]
    Signature,
    /// Another version.
    #[error("its PROXY header is of version {0}, and 2 is understood")]
    Version(u8),
    /// No command that there is.
    #[error("its PROXY header has the unknown command {0}")]
    Command(u8),
    /// No kind of connection that there is.
    #[error("its PROXY header is of the unknown kind {0:#04x}")]
    Kind(u8),
    /// It is longer than any that is known.
    #[error("its PROXY header goes on for {0} bytes, and {LONGEST} are taken")]
    TooLong(usize),
    /// The addresses do not fit into it.
    #[error("its PROXY header is too short for the addresses that it announces")]
    Short,
}

impl Prefix {
    /// Reads the first bytes.
    ///
    /// # Errors
    /// When no connection may begin with them.
    pub fn read(bytes: &[u8; PREFIX]) -> Result<Prefix, ProxyHeaderError> {
        let [signature @ .., command, kind, high, low] = bytes;
        if signature != SIGNATURE {
            return Err(ProxyHeaderError::Signature);
        }
        if command >> 4 != 2 {
            return Err(ProxyHeaderError::Version(command >> 4));
        }
        let rest = usize::from(u16::from_be_bytes([*high, *low]));
        if rest > LONGEST {
            return Err(ProxyHeaderError::TooLong(rest));
        }
        let meaning = match (command & 0xF, kind) {
            // Of its own connections the kind says nothing.
            (0, _) => Meaning::Own,
            (1, 0x11) => Meaning::V4,
            (1, 0x21) => Meaning::V6,
            // Unspecified, datagrams and Unix sockets: what there is no address of here is as if it were unspecified.
            (1, 0x00 | 0x12 | 0x22 | 0x31 | 0x32) => Meaning::Own,
            (1, kind) => return Err(ProxyHeaderError::Kind(*kind)),
            (command, _) => return Err(ProxyHeaderError::Command(command)),
        };
        let least = match meaning {
            Meaning::Own => 0,
            Meaning::V4 => 12,
            Meaning::V6 => 36,
        };
        match rest < least {
            true => Err(ProxyHeaderError::Short),
            false => Ok(Prefix { meaning, rest }),
        }
    }

    /// How many bytes follow, at most [`LONGEST`].
    #[must_use]
    pub fn rest(&self) -> usize {
        self.rest
    }

    /// Between whom the connection is, from what follows; `None`: it is the proxy's own, and its ends are those of the
    /// socket.
    ///
    /// # Errors
    /// When `rest` is not as long as was announced.
    pub fn ends(&self, rest: &[u8]) -> Result<Option<Ends>, ProxyHeaderError> {
        if rest.len() != self.rest {
            return Err(ProxyHeaderError::Short);
        }
        let ends = match self.meaning {
            Meaning::Own => return Ok(None),
            Meaning::V4 => v4(rest),
            Meaning::V6 => v6(rest),
        };
        ends.map(Some).ok_or(ProxyHeaderError::Short)
    }
}

fn v4(bytes: &[u8]) -> Option<Ends> {
    let address = |bytes: &[u8; 4]| IpAddr::V4(Ipv4Addr::from(*bytes));
    let (client, bytes) = bytes.split_first_chunk::<4>()?;
    let (reached, bytes) = bytes.split_first_chunk::<4>()?;
    ends((address(client), address(reached)), bytes)
}

fn v6(bytes: &[u8]) -> Option<Ends> {
    let address = |bytes: &[u8; 16]| IpAddr::V6(Ipv6Addr::from(*bytes));
    let (client, bytes) = bytes.split_first_chunk::<16>()?;
    let (reached, bytes) = bytes.split_first_chunk::<16>()?;
    ends((address(client), address(reached)), bytes)
}

/// Behind the addresses stand their ports.
fn ends((client, reached): (IpAddr, IpAddr), bytes: &[u8]) -> Option<Ends> {
    let (from, bytes) = bytes.split_first_chunk()?;
    let (to, _) = bytes.split_first_chunk()?;
    Some(Ends {
        client: SocketAddr::new(client, u16::from_be_bytes(*from)),
        reached: SocketAddr::new(reached, u16::from_be_bytes(*to)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Ends>, ProxyHeaderError> {
        let (prefix, rest) = bytes.split_first_chunk().unwrap();
        Prefix::read(prefix)?.ends(rest)
    }

    fn header(command: u8, kind: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, kind], &length, rest].concat()
    }

    /// As haproxy 2.6 sends it with `send-proxy-v2`, and with `proxy-v2-options ssl,crc32c,unique-id` fields behind.
    #[test]
    fn headers_as_proxies_send_them_say_who_called_and_where() {
        let v4 = [192, 0, 2, 7, 198, 51, 100, 1, 0xC0, 0x00, 0x01, 0xBB];
        let ends = |client: &str, reached: &str| {
            Ok(Some(Ends {
                client: client.parse().unwrap(),
                reached: reached.parse().unwrap(),
            }))
        };
        let expected = ends("192.0.2.7:49152", "198.51.100.1:443");
        assert_eq!(read(&header(0x21, 0x11, &v4)), expected);
        let fields = [3, 0, 4, 0xDE, 0xAD, 0xBE, 0xEF, 0xEE, 0, 1, 9];
        assert_eq!(read(&header(0x21, 0x11, &[&v4[..], &fields].concat())), expected);
        let mut v6 = [0; 36];
        v6[..4].copy_from_slice(&[0x20, 0x01, 0x0D, 0xB8]);
        (v6[15], v6[31], v6[33], v6[35]) = (5, 1, 80, 81);
        assert_eq!(read(&header(0x21, 0x21, &v6)), ends("[2001:db8::5]:80", "[::1]:81"));
    }

    #[test]
    fn what_has_no_addresses_for_us_is_the_proxys_own() {
        assert_eq!(read(&LOCAL), Ok(None));
        // Whatever a connection of its own says of itself counts for nothing.
        assert_eq!(read(&header(0x20, 0xFF, &[1, 2, 3])), Ok(None));
        for kind in [0x00, 0x12, 0x22, 0x31, 0x32] {
            assert_eq!(read(&header(0x21, kind, &[0; 216])), Ok(None), "{kind:#04x}");
        }
        assert_eq!(read(&header(0x21, 0x00, &[])), Ok(None));
    }

    #[test]
    fn what_no_sender_may_send_is_refused() {
        for (bytes, error) in [
            (b"PROXY TCP4 192.0.2.7".to_vec(), ProxyHeaderError::Signature),
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), ProxyHeaderError::Signature),
            (header(0x11, 0x11, &[0; 12]), ProxyHeaderError::Version(1)),
            (header(0x22, 0x11, &[0; 12]), ProxyHeaderError::Command(2)),
            (header(0x21, 0x10, &[0; 12]), ProxyHeaderError::Kind(0x10)),
            (header(0x21, 0x41, &[0; 12]), ProxyHeaderError::Kind(0x41)),
            (header(0x21, 0x13, &[0; 12]), ProxyHeaderError::Kind(0x13)),
            (header(0x21, 0x11, &[0; 11]), ProxyHeaderError::Short),
            (header(0x21, 0x21, &[0; 35]), ProxyHeaderError::Short),
            (
                header(0x21, 0x11, &[0; LONGEST + 1]),
                ProxyHeaderError::TooLong(LONGEST + 1),
            ),
        ] {
            assert_eq!(read(&bytes), Err(error), "{bytes:?}");
        }
        let whole = header(0x21, 0x11, &[0; 12]);
        assert_eq!(read(&whole[..whole.len() - 1]), Err(ProxyHeaderError::Short));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_whatever_stands_behind_it(
            client: (IpAddr, u16), reached: (Ipv4Addr, u16), six: (Ipv6Addr, u16), fields: Vec<u8>
        ) {
            let fields = &fields[..fields.len().min(1000)];
            let (client, reached) = match client.0 {
                IpAddr::V4(_) => (SocketAddr::from(client), SocketAddr::from(reached)),
                IpAddr::V6(_) => (SocketAddr::from(client), SocketAddr::from(six)),
            };
            let octets = |address: IpAddr| match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            let kind = if client.is_ipv4() { 0x11 } else { 0x21 };
            let ports = [client.port().to_be_bytes(), reached.port().to_be_bytes()].concat();
            let rest = [&octets(client.ip())[..], &octets(reached.ip()), &ports, fields].concat();
            proptest::prop_assert_eq!(read(&header(0x21, kind, &rest)), Ok(Some(Ends { client, reached })));
        }

        #[test]
        fn any_bytes_are_a_header_or_none(prefix: [u8; PREFIX], rest: Vec<u8>) {
            for command in [prefix[12], 0x20, 0x21] {
                let mut bytes = prefix;
                bytes[..12].copy_from_slice(SIGNATURE);
                bytes[12] = command;
                if let Ok(prefix) = Prefix::read(&bytes) {
                    proptest::prop_assert!(prefix.rest() <= LONGEST);
                    proptest::prop_assert_eq!(prefix.ends(&rest).is_ok(), rest.len() == prefix.rest());
                }
            }
        }
    }
}
