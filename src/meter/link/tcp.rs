//! A connection to a meter's modem.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::LinkError;

/// Connects within a time, the resolving of the name included.
pub(super) async fn connect(host: &str, port: u16, within: Duration) -> Result<TcpStream, LinkError> {
    let target = || format!("{host}:{port}");
    match timeout(within, TcpStream::connect((host, port))).await {
        Ok(Ok(stream)) => {
            // Requests are one small write; waiting to fill a packet would only delay them.
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
        Ok(Err(source)) if source.kind() == ErrorKind::ConnectionRefused => {
            Err(LinkError::TurnedAway { target: target() })
        }
        Ok(Err(source)) => Err(LinkError::Unreachable {
            target: target(),
            source,
        }),
        Err(_) => Err(LinkError::Slow {
            target: target(),
            seconds: within.as_secs_f64(),
        }),
    }
}
