//! The calls of the mediator.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use prost::Message;
use tokio::time::Instant;
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::access::{Call, Caller, Client, Reaches};
use super::messages::{
    GetInfoReply, GetInfoRequest, GetMetersReply, GetMetersRequest, HealthCheckRequest, HealthCheckResponse,
    ReadElementReply, ReadElementRequest, SendRawMessageReply, SendRawMessageRequest, WriteElementReply,
    WriteElementRequest,
};
use super::{descriptor, fault, info};
use crate::domain::MeterId;
use crate::meter::driver::Command;
use crate::meter::emop::ObjectId;
use crate::meter::emop::dialect::Request as Asked;
use crate::meter::reads::HEADER;
use crate::meter::topup::{Origin, Through};
use crate::meter::{MeterShown, Meters};
use crate::tls::PeerCertificate;

/// How long a call may take when the client does not say (EMOP §10.2), and at most.
const DEADLINE: Duration = Duration::from_secs(75);
const DEADLINE_LIMIT: Duration = Duration::from_secs(300);
/// The largest message: a data field is 243 bytes at most.
const MESSAGE_LIMIT: usize = 16 << 10;

/// What the mediator's door is made of.
#[derive(Clone)]
pub struct Mediator {
    /// The meters; `None` while that room is closed.
    pub meters: Option<Arc<Meters>>,
    /// Whether the door asks for certificates.
    pub roles: Roles,
    /// Clients that reach certain meters only.
    pub reaches: Arc<Reaches>,
}

/// Whether the door asks who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    ByCertificate,
    /// It does not (`grpc.plaintext`).
    Nobody,
}

/// The mediator's calls, health and reflection.
pub fn router(mediator: Mediator) -> Router {
    let reflection = descriptor::services();
    Router::new()
        .route_service("/grpc.reflection.v1.ServerReflection/{*method}", reflection.0)
        .route_service("/grpc.reflection.v1alpha.ServerReflection/{*method}", reflection.1)
        .fallback(answer)
        .with_state(mediator)
}

async fn answer(State(mediator): State<Mediator>, request: Request) -> Response {
    let caller = match caller(&mediator, &request) {
        Ok(caller) => caller,
        Err(status) => return fault::answer(status),
    };
    if request.uri().path() == "/grpc.health.v1.Health/Check" {
        let room = mediator.meters.clone();
        return unary(request, async move |asked: HealthCheckRequest| {
            health(&asked, room.is_some())
        })
        .await;
    }
    let Some(call) = Call::of_path(request.uri().path()) else {
        return fault::answer(Status::unimplemented("there is no such method"));
    };
    if !caller.may(call) {
        return fault::answer(Status::permission_denied("Permission denied."));
    }
    let Some(room) = mediator.meters else {
        return fault::answer(Status::unavailable("the meter room is closed"));
    };
    let handler = Handler {
        room,
        caller,
        reaches: mediator.reaches,
        deadline: Instant::now() + time_limit(&request),
    };
    match call {
        Call::ReadElement => unary(request, async move |asked| handler.read(asked).await).await,
        Call::WriteElement => unary(request, async move |asked| handler.write(asked).await).await,
        Call::SendRawMessage => unary(request, async move |asked| handler.send(asked).await).await,
        Call::GetInfo => unary(request, async move |asked| handler.info(&asked)).await,
        Call::GetMeters => unary(request, async move |asked| handler.meters(&asked)).await,
    }
}

/// Who calls, by the certificate of our own handshake.
fn caller(mediator: &Mediator, request: &Request) -> Result<Caller, Status> {
    if mediator.roles == Roles::Nobody {
        return Ok(Caller::Anybody);
    }
    let certificate = request.extensions().get::<PeerCertificate>();
    let name = certificate.and_then(PeerCertificate::common_name);
    let (Some(certificate), Some(name)) = (certificate, name) else {
        return Err(Status::unauthenticated("Client certificate required."));
    };
    let role = certificate
        .organizational_units()
        .iter()
        .find_map(|unit| unit.parse().ok());
    Ok(Caller::Client(Client {
        name: name.to_owned(),
        role,
    }))
}

/// `grpc-timeout`: up to eight digits and a unit.
fn time_limit(request: &Request) -> Duration {
    let said = request
        .headers()
        .get("grpc-timeout")
        .and_then(|value| value.to_str().ok());
    said.and_then(read_limit).unwrap_or(DEADLINE).min(DEADLINE_LIMIT)
}

fn read_limit(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok().filter(|_| number.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// One message in, one message out.
async fn unary<Q, A, F, T>(request: Request, answer: F) -> Response
where
    Q: Message + Default + Send + 'static,
    A: Message + Default + Send + 'static,
    F: FnOnce(Q) -> T + Send + 'static,
    T: Future<Output = Result<A, Status>> + Send + 'static,
{
    let mut grpc = Grpc::new(ProstCodec::<A, Q>::default()).apply_max_message_size_config(Some(MESSAGE_LIMIT), None);
    grpc.unary(Once(Some(answer)), request).await.map(Body::new)
}

/// A call as tonic takes it.
struct Once<F>(Option<F>);

impl<Q, A, F, T> UnaryService<Q> for Once<F>
where
    Q: Send + 'static,
    F: FnOnce(Q) -> T + Send + 'static,
    T: Future<Output = Result<A, Status>> + Send + 'static,
{
    type Response = A;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<A>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Q>) -> Self::Future {
        let answer = self.0.take();
        Box::pin(async move {
            let answer = answer.ok_or_else(|| Status::internal("a call is answered once"))?;
            answer(request.into_inner()).await.map(tonic::Response::new)
        })
    }
}

/// What one call works with.
struct Handler {
    room: Arc<Meters>,
    caller: Caller,
    reaches: Arc<Reaches>,
    deadline: Instant,
}

impl Handler {
    async fn read(self, asked: ReadElementRequest) -> Result<ReadElementReply, Status> {
        let operation = Asked::Read(object(asked.object_id)?);
        let reply = self.ask(&asked.serial, operation).await?;
        Ok(ReadElementReply {
            response: reply.get(HEADER..).unwrap_or_default().to_vec(),
        })
    }

    async fn write(self, asked: WriteElementRequest) -> Result<WriteElementReply, Status> {
        let operation = Asked::Write(object(asked.object_id)?, asked.payload);
        self.ask(&asked.serial, operation).await?;
        Ok(WriteElementReply {})
    }

    async fn send(self, asked: SendRawMessageRequest) -> Result<SendRawMessageReply, Status> {
        let reply = self.ask(&asked.serial, Asked::Raw(asked.data_field)).await?;
        // The message is the data field without its format byte (EMOP §2.1).
        Ok(SendRawMessageReply {
            response: reply.get(1..).unwrap_or_default().to_vec(),
        })
    }

    fn info(&self, asked: &GetInfoRequest) -> Result<GetInfoReply, Status> {
        let shown = self.meter(&asked.serial).map_err(|missing| match missing {
            Missing::Serial => fault::no_serial(),
            Missing::Meter => Status::not_found(format!("meter {} not found", shortened(&asked.serial))),
        })?;
        let json_data = serde_json::to_string_pretty(&info::info(&shown)).expect("plain data");
        Ok(GetInfoReply { json_data })
    }

    fn meters(&self, asked: &GetMetersRequest) -> Result<GetMetersReply, Status> {
        let all = self.room.list();
        let reached = all
            .iter()
            .filter(|shown| self.caller.reaches(&shown.meter, &self.reaches));
        let json_meters = info::meters(reached, asked.esco.trim()).to_string();
        Ok(GetMetersReply { json_meters })
    }

    async fn ask(self, serial: &str, request: Asked) -> Result<Vec<u8>, Status> {
        let shown = self.meter(serial).map_err(|missing| match missing {
            Missing::Serial => fault::no_serial(),
            Missing::Meter => fault::unknown(&shortened(serial)),
        })?;
        let id = shown.meter.serial;
        let origin = Origin {
            by: self.caller.name().to_owned(),
            through: Through::Grpc,
        };
        let asked = self.room.carry_out(&id, Command::Ask(request), &origin, self.deadline);
        let answer = asked.await;
        answer.map_err(|error| {
            let status = fault::status(&id, &error);
            tracing::debug!(meter.id = %id, %error, code = ?status.code(), "a call came to nothing");
            status
        })
    }

    /// The meter, when there is one and this client may reach it.
    fn meter(&self, serial: &str) -> Result<MeterShown, Missing> {
        if serial.is_empty() {
            return Err(Missing::Serial);
        }
        let id: MeterId = serial.parse().map_err(|_| Missing::Meter)?;
        let shown = self.room.show(&id).map_err(|_| Missing::Meter)?;
        let reached = self.caller.reaches(&shown.meter, &self.reaches);
        reached.then_some(shown).ok_or(Missing::Meter)
    }
}

/// What a call lacks.
enum Missing {
    Serial,
    /// A meter of that serial, or one for this client: which of them is not said.
    Meter,
}

fn object(number: i32) -> Result<ObjectId, Status> {
    ObjectId::try_from(i64::from(number)).map_err(|error| Status::invalid_argument(error.to_string()))
}

fn shortened(serial: &str) -> String {
    serial.chars().take(40).collect()
}

/// grpc.health.v1: this server, or one of its two services.
fn health(asked: &HealthCheckRequest, open: bool) -> Result<HealthCheckResponse, Status> {
    if !asked.service.is_empty() && !descriptor::SERVICES.contains(&asked.service.as_str()) {
        return Err(Status::new(Code::NotFound, "there is no such service"));
    }
    Ok(HealthCheckResponse {
        status: if open { 1 } else { 2 },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_are_read_as_grpc_writes_them() {
        for (text, wanted) in [
            ("75S", Some(Duration::from_secs(75))),
            ("74999m", Some(Duration::from_millis(74_999))),
            ("1H", Some(Duration::from_secs(3_600))),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3_600))),
            ("123456789S", None),
            ("", None),
            ("S", None),
            ("5", None),
            ("-5S", None),
            ("5é", None),
        ] {
            assert_eq!(read_limit(text), wanted, "{text}");
        }
    }
}
