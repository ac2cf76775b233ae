//! The other end: a client of a mediator, of this box's or of an older one (EMOP §10.2).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::Uri;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{Request as HttpRequest, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::credentials::SERVER_NAME;
use super::messages::{
    GetInfoReply, GetInfoRequest, GetMetersReply, GetMetersRequest, ReadElementReply, ReadElementRequest,
    SendRawMessageReply, SendRawMessageRequest, WriteElementReply, WriteElementRequest,
};
use crate::domain::MeterId;
use crate::meter::emop::dialect::{Dialect, ProhibitedError, Request};
use crate::meter::emop::{Message, ObjectId};

/// The longest that a call may take (EMOP §10.2).
const DEADLINE: Duration = Duration::from_secs(75);
/// What the call may take longer than the mediator was told, for the way there and back.
const GRACE: Duration = Duration::from_secs(5);
/// The longest that connecting and shaking hands may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Where mediators listen when nobody says so.
pub const DEFAULT_PLACE: &str = "0.0.0.0:50051";

/// A connection to a mediator.
pub struct MediatorClient {
    wire: Wire,
    place: String,
    /// Drives the connection; ends with this.
    _connection: JoinSet<()>,
}

/// There is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens, or the name leads nowhere.
    #[error("no mediator answers at {place}: {source}")]
    NotReachable {
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody is there and does not go on.
    #[error("the mediator at {0} does not answer within 10 s")]
    Late(String),
    /// They do not speak HTTP/2.
    #[error("what listens at {place} is no mediator: {source}")]
    Speech {
        place: String,
        /// What went wrong.
        source: hyper::Error,
    },
}

/// A call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It is not asked at all.
    #[error(transparent)]
    Prohibited(#[from] ProhibitedError),
    /// The connection broke, or the certificate was refused, which TLS 1.3 says late.
    #[error("the connection to the mediator at {place} broke: {why}")]
    Broken {
        place: String,
        /// What went wrong.
        why: String,
    },
    /// The mediator says no, in these words.
    #[error("{details}")]
    Answered {
        /// As clients of the original name it: `NOT_FOUND`, `EMLITE_CONNECTION_FAILURE`.
        code: &'static str,
        details: String,
    },
}

impl MediatorClient {
    /// Connects to `host:port`; without a configuration for TLS in plain text, as `grpc.plaintext` allows.
    pub async fn connect(place: &str, tls: Option<ClientConfig>) -> Result<MediatorClient, ConnectError> {
        let connecting = async {
            let unreachable = |source| ConnectError::NotReachable {
                place: place.to_owned(),
                source,
            };
            let stream = TcpStream::connect(place).await.map_err(unreachable)?;
            stream.set_nodelay(true).map_err(unreachable)?;
            match tls {
                None => speak(stream, place).await,
                Some(config) => {
                    let name = ServerName::try_from(SERVER_NAME).expect("a DNS name");
                    let connector = TlsConnector::from(Arc::new(config));
                    let stream = connector.connect(name, stream).await.map_err(unreachable)?;
                    speak(stream, place).await
                }
            }
        };
        timeout(CONNECT, connecting)
            .await
            .unwrap_or_else(|_| Err(ConnectError::Late(place.to_owned())))
    }

    /// Asks a meter, and gives the data field of the answer. Reads go as `readElement`, which partners may call too.
    pub async fn ask(&self, meter: &MeterId, request: &Request, dialect: &Dialect) -> Result<Vec<u8>, CallError> {
        let data_field = dialect.data_field(request)?;
        let serial = meter.as_str().to_owned();
        Ok(match request {
            Request::Read(object) => {
                let asked = ReadElementRequest {
                    serial,
                    object_id: number(*object),
                };
                let reply: ReadElementReply = self.call("EmliteMediatorService/readElement", asked).await?;
                [Message::read(*object), reply.response].concat()
            }
            Request::Write(object, payload) => {
                let asked = WriteElementRequest {
                    serial,
                    object_id: number(*object),
                    payload: payload.clone(),
                };
                let WriteElementReply {} = self.call("EmliteMediatorService/writeElement", asked).await?;
                Message::write(*object, &[])
            }
            Request::Profile(..) | Request::Events(_) | Request::Intervals(_) | Request::Raw(_) => {
                let format = data_field[0];
                let asked = SendRawMessageRequest { serial, data_field };
                let reply: SendRawMessageReply = self.call("EmliteMediatorService/sendRawMessage", asked).await?;
                // The format byte does not come back (EMOP §2.1).
                [&[format], reply.response.as_slice()].concat()
            }
        })
    }

    /// `GetInfo`: JSON.
    pub async fn info(&self, meter: &MeterId) -> Result<String, CallError> {
        let serial = meter.as_str().to_owned();
        let reply: GetInfoReply = self.call("InfoService/GetInfo", GetInfoRequest { serial }).await?;
        Ok(reply.json_data)
    }

    /// `GetMeters`: JSON. An empty code stands for all suppliers.
    pub async fn meters(&self, esco: &str) -> Result<String, CallError> {
        let esco = esco.to_owned();
        let reply: GetMetersReply = self.call("InfoService/GetMeters", GetMetersRequest { esco }).await?;
        Ok(reply.json_meters)
    }

    async fn call<Q, A>(&self, method: &str, asked: Q) -> Result<A, CallError>
    where
        Q: prost::Message + Send + 'static,
        A: prost::Message + Default + Send + 'static,
    {
        let path = format!("/simt_emlite.mediator.grpc.{method}");
        let path = path.parse().expect("paths of methods are paths");
        let mut request = tonic::Request::new(asked);
        request.set_timeout(DEADLINE);
        let mut grpc = Grpc::with_origin(self.wire.clone(), Uri::from_static("http://cepro-mediators"));
        let calling = async {
            let broken = |error: hyper::Error| Status::from_error(Box::new(error));
            grpc.ready().await.map_err(broken)?;
            grpc.unary(request, path, ProstCodec::<Q, A>::default()).await
        };
        match timeout(DEADLINE + GRACE, calling).await {
            Ok(Ok(reply)) => Ok(reply.into_inner()),
            Ok(Err(status)) => Err(self.said(&status)),
            Err(_) => Err(self.said(&Status::deadline_exceeded("no answer within 80 s"))),
        }
    }

    fn said(&self, status: &Status) -> CallError {
        // A status that the mediator sent has no source; one that stands for a fault of the line has.
        if let Some(source) = std::error::Error::source(status) {
            let mut why = source.to_string();
            let mut next = source.source();
            while let Some(deeper) = next {
                why = deeper.to_string();
                next = deeper.source();
            }
            let place = self.place.clone();
            return CallError::Broken { place, why };
        }
        CallError::Answered {
            code: code(status),
            details: status.message().to_owned(),
        }
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    place: &str,
) -> Result<MediatorClient, ConnectError> {
    let place = place.to_owned();
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = match handshake {
        Ok(both) => both,
        Err(source) => return Err(ConnectError::Speech { place, source }),
    };
    let mut driving = JoinSet::new();
    driving.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the connection to the mediator ended");
        }
    });
    Ok(MediatorClient {
        wire: Wire(sender),
        place,
        _connection: driving,
    })
}

fn number(object: ObjectId) -> i32 {
    i32::try_from(object.number()).expect("object numbers have 24 bits")
}

/// The code as clients of the original have it: two failures by their texts, the others by the status' name.
fn code(status: &Status) -> &'static str {
    let details = status.message();
    match status.code() {
        Code::Internal if details.contains("failed to connect after retries") => "EMLITE_CONNECTION_FAILURE",
        Code::Internal if details.contains("EOFError") => "EMLITE_EOF_ERROR",
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// The connection as tonic takes it.
#[derive(Clone)]
struct Wire(SendRequest<Body>);

impl tower::Service<HttpRequest<Body>> for Wire {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, hyper::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}
