//! What stands in a demo's folder before the box starts: configuration, people, a token, certificates, spaces.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use tokio_util::sync::CancellationToken;

use super::levers::Levers;
use super::meters::{self, Grpc, Simulated};
use super::perseus::{self, Applications};
use super::receiver::{Pair, Receiver};
use super::shown_pair::{self, ShownPair};
use super::{december, half_hours, paid, yesterday};
use crate::accounts::{Accounts, AccountsError, Bearers, Beginning, Role, Scope, Secret, Standing, random};
use crate::cli::CliError;
use crate::cli::reach::absolute;
use crate::domain::units::Span;
use crate::domain::{Occupancy as Counts, SpaceId, SpaceOrigin};
use crate::files::{make_private, write_private};
use crate::http::Rate;
use crate::occupancy::{self, Deps, Occupancy};
use crate::pki::{Hierarchy, Issued, Overwrite, Pki, Request};
use crate::store::spaces::{NewSpace, SetSpace, SpacesWriter};
use crate::store::{Options, Place, Store};

/// What a demo's folder holds.
pub(super) struct Prepared {
    pub(super) dir: PathBuf,
    pub(super) config_file: PathBuf,
    pub(super) ca_file: PathBuf,
    pub(super) logins: BTreeMap<&'static str, Login>,
    pub(super) api_token: String,
    pub(super) spaces: Vec<String>,
    pub(super) client_certificate: PathBuf,
    pub(super) client_key: PathBuf,
    pub(super) relay_ca: PathBuf,
    /// Bundles: the demo's own gateway's, and another's.
    pub(super) relay_peers: [PathBuf; 2],
    pub(super) grpc: Grpc,
    pub(super) simulated: Simulated,
    pub(super) levers: Levers,
    /// What the door for machines shows.
    pub(super) shown: ShownPair,
    pub(super) applications: Applications,
    pub(super) receiver: Receiver,
    /// What the receiver and the box show each other.
    pub(super) messages: Pair,
    /// Of the doors for people and for machines.
    pub(super) ports: (u16, u16),
}

/// A name and password.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Login {
    username: String,
    password: String,
}

/// What an earlier demo left in `demo.json`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Earlier {
    logins: BTreeMap<String, Login>,
    api_token: String,
    spaces: Vec<String>,
}

/// When the resident moved in: 2024-12-01T00:00:00Z.
const MOVED_IN: Timestamp = Timestamp::constant(1_733_011_200, 0);

const SPACES: [(&str, u32); 3] = [("Front hall", 50), ("Library", 20), ("Bicycle cellar", 8)];

/// Makes the folder, or takes over what an earlier demo left in it.
pub(super) async fn prepare(dir: &Path, port_base: u16, redirect_uris: &[String]) -> Result<Prepared, CliError> {
    let dir = &absolute(dir);
    own_folder(dir)?;
    let config_file = dir.join("config.toml");
    let now = Timestamp::now();
    let first = if port_base == 0 {
        0
    } else {
        port_base.saturating_add(20)
    };
    let levers = Levers::default();
    let simulated = Simulated::listen(first, &levers, now).await?;
    let ports = people_and_machines(port_base)?;
    let receiver = Receiver::listen(dir, if port_base == 0 { 0 } else { port_base.saturating_add(8) })?;
    let sharing = perseus::sections(dir, ports, redirect_uris, &receiver.url())?;
    let text = config(dir, port_base, ports) + &simulated.sections + &sharing;
    write_private(&config_file, text.as_bytes()).map_err(CliError::failed)?;
    let earlier = std::fs::read(dir.join("demo.json")).ok();
    let earlier: Earlier = earlier
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let data = dir.join("data");
    make_private(&data).map_err(CliError::failed)?;
    let place = Place::in_data_dir(&data);
    let store = tokio::task::spawn_blocking(move || Store::open(Options::at(place))).await;
    let store = store.map_err(CliError::failed)?.map_err(CliError::failed)?;
    let furnished = furnish((dir, &data), &store, (earlier, redirect_uris), now).await;
    store.close().await;
    let furnished = furnished?;
    Ok(Prepared {
        dir: dir.to_owned(),
        config_file,
        ca_file: furnished.ca_file,
        logins: furnished.logins,
        api_token: furnished.api_token,
        spaces: furnished.spaces,
        client_certificate: furnished.client.chain,
        client_key: furnished.client.key,
        relay_ca: furnished.relay_ca,
        relay_peers: furnished.relay_peers,
        grpc: furnished.grpc,
        simulated,
        levers,
        shown: furnished.shown,
        applications: furnished.applications,
        receiver,
        messages: furnished.messages,
        ports,
    })
}

/// What lies in a demo's store and PKI.
struct Furnished {
    ca_file: PathBuf,
    logins: BTreeMap<&'static str, Login>,
    api_token: String,
    spaces: Vec<String>,
    client: Issued,
    relay_ca: PathBuf,
    relay_peers: [PathBuf; 2],
    grpc: Grpc,
    shown: ShownPair,
    applications: Applications,
    messages: Pair,
}

async fn furnish(
    (dir, data): (&Path, &Path),
    store: &Store,
    (earlier, redirect_uris): (Earlier, &[String]),
    now: Timestamp,
) -> Result<Furnished, CliError> {
    paid::remember(store, now).await?;
    december::remember(store).await?;
    half_hours::remember(store, now).await?;
    let pki = Pki::open(data.join("pki"), store.clone()).map_err(CliError::failed)?;
    pki.init(now).await.map_err(CliError::failed)?;
    let client = Request {
        overwrite: Overwrite::Yes,
        ..Request::new(Hierarchy::Client, "demo-client")
    };
    let client = pki
        .issue(client, Some(dir.join("client")), now)
        .await
        .map_err(CliError::failed)?;
    let accounts = Accounts::new(store.clone());
    let mut relay_peers = ["demo-gateway", "demo-manager"].map(PathBuf::from);
    for peer in &mut relay_peers {
        let request = Request {
            overwrite: Overwrite::Yes,
            ..Request::new(Hierarchy::Relay, peer.display().to_string())
        };
        let issued = pki.issue(request, Some(dir.join("relay")), now).await;
        *peer = issued.map_err(CliError::failed)?.pkeycert;
    }
    Ok(Furnished {
        relay_ca: pki.files(Hierarchy::Relay).root_certificate,
        relay_peers,
        ca_file: pki.files(Hierarchy::Server).root_certificate,
        grpc: meters::certificates(&pki, dir, now).await?,
        shown: ShownPair::issue(&pki, dir, now).await?,
        messages: Pair::issue(&pki, dir, now).await?,
        applications: perseus::certificates(&pki, dir, redirect_uris, now).await?,
        logins: people(&accounts, &earlier, now).await?,
        api_token: token(&accounts, &earlier, now).await?,
        spaces: spaces(store, accounts, earlier.spaces).await?,
        client,
    })
}

/// One person a role; passwords are random and the same for all of a demo's life.
async fn people(
    accounts: &Accounts,
    earlier: &Earlier,
    now: Timestamp,
) -> Result<BTreeMap<&'static str, Login>, CliError> {
    let mut logins = BTreeMap::new();
    for role in Role::ALL {
        let known = earlier.logins.get(role.name()).cloned();
        let login = known.unwrap_or_else(|| Login {
            username: role.name().to_owned(),
            password: BASE32_NOPAD.encode(&random::<10>()).to_lowercase(),
        });
        let password = Secret::given(login.password.clone());
        let standing = Standing {
            role,
            // The resident has lived behind the first meter for longer than it remembers.
            meters: meters::serials()
                .into_iter()
                .take(usize::from(role == Role::Resident))
                .map(|meter| Beginning {
                    meter,
                    since: Some(MOVED_IN),
                })
                .collect(),
            spaces: Vec::new(),
        };
        match accounts
            .add_person(&login.username, standing, Some(password.clone()), now)
            .await
        {
            Ok(_) => {}
            Err(AccountsError::Exists(_)) if earlier.logins.contains_key(role.name()) => {}
            Err(AccountsError::Exists(name)) => {
                accounts.set_password(&name, password).await.map_err(CliError::failed)?
            }
            Err(error) => return Err(CliError::failed(error)),
        }
        logins.insert(role.name(), login);
    }
    Ok(logins)
}

async fn token(accounts: &Accounts, earlier: &Earlier, now: Timestamp) -> Result<String, CliError> {
    let known = Secret::given(earlier.api_token.clone());
    if accounts.token(&known).map_err(CliError::failed)?.is_some() {
        return Ok(earlier.api_token.clone());
    }
    let scopes = vec![
        Scope::SpacesAdmin,
        Scope::MetersWrite,
        Scope::MetersTopup,
        Scope::RelayAdmin,
        Scope::BoxAdmin,
    ];
    let (_, secret) = accounts
        .create_token("demo", scopes, now)
        .await
        .map_err(CliError::failed)?;
    Ok(secret.reveal().to_owned())
}

async fn spaces(store: &Store, accounts: Accounts, earlier: Vec<String>) -> Result<Vec<String>, CliError> {
    let deps = Deps {
        bearers: Arc::new(Bearers::new(accounts, Rate::Off)),
        history: Span::seconds(0),
        streams: CancellationToken::new(),
    };
    let room = Occupancy::new(occupancy::Config::default(), store.clone(), deps);
    let mut living: Vec<String> = earlier
        .into_iter()
        .filter(|id| id.parse().is_ok_and(|id| room.show(id).is_ok()))
        .collect();
    if living.is_empty() {
        for (number, (name, maximum)) in (1..).zip(SPACES) {
            living.push(space(store, &room, (number, name, maximum)).await?);
        }
    }
    Ok(living)
}

/// A space with a day behind it.
async fn space(store: &Store, room: &Occupancy, (number, name, maximum): (u32, &str, u32)) -> Result<String, CliError> {
    let now = Timestamp::now();
    let minute = now.to_zoned(jiff::tz::TimeZone::UTC).time();
    let minute = u32::from(minute.hour().unsigned_abs()) * 60 + u32::from(minute.minute().unsigned_abs());
    let before = |minutes: u32| {
        now.checked_sub(SignedDuration::from_mins(minutes.into()))
            .unwrap_or(now)
    };
    let counts: Vec<(Timestamp, Counts)> = yesterday::counts(maximum, minute, number)
        .into_iter()
        .map(|(ago, counts)| (before(ago), counts))
        .collect();
    let last = counts
        .last()
        .map_or(Counts { current: 0, maximum }, |(_, counts)| *counts);
    let id = SpaceId::from_random(random());
    let new = NewSpace::plain(id, Some(name.to_owned()), last, SpaceOrigin::Shared);
    let writer = SpacesWriter::new(store.clone());
    let made = writer.create(new, before(2 * 24 * 60)).await;
    made.map_err(CliError::failed)?;
    room.history().import(id, &counts).await.map_err(CliError::failed)?;
    // The row says when its last count was, as its history does.
    let last_change = counts.last().map_or(now, |(at, _)| *at);
    let set = SetSpace {
        maximum: Some(maximum),
        ..SetSpace::default()
    };
    writer.set(id, set, last_change).await.map_err(CliError::failed)?;
    Ok(id.to_string())
}

/// The ports of the doors for people and for machines: what is said of them elsewhere has to be true, so that free ones are
/// chosen here where any will do.
fn people_and_machines(port_base: u16) -> Result<(u16, u16), CliError> {
    if port_base != 0 {
        return Ok((port_base.saturating_add(3), port_base.saturating_add(4)));
    }
    let free = || std::net::TcpListener::bind("127.0.0.1:0").map_err(CliError::failed);
    let (one, two) = (free()?, free()?);
    let port = |listener: &std::net::TcpListener| listener.local_addr().map_err(CliError::failed);
    Ok((port(&one)?.port(), port(&two)?.port()))
}

fn config(dir: &Path, port_base: u16, (https, mtls): (u16, u16)) -> String {
    let text = |path: PathBuf| toml_edit::Value::from(path.display().to_string()).to_string();
    let [chain, key] = shown_pair::named(dir);
    let port = |offset: u16| {
        if port_base == 0 {
            0
        } else {
            port_base.saturating_add(offset)
        }
    };
    format!(
        "# Written by `gatelodge demo` at each start, over whatever stands here: put sections of your own into\n\
         # conf.d/10-mine.toml beside this file, which stays. config.example.toml explains every key.\n\
         data_dir ={}\nadmin_socket ={}\n\n[site]\nname = \"Gatelodge demo\"\n\n\
         [http]\nlisten = [\"127.0.0.1:{}\"]\n\n[https]\nlisten = [\"127.0.0.1:{}\"]\ncertificate = \"self-signed\"\n\n\
         [mtls]\nlisten = [\"127.0.0.1:{}\"]\ncertificate_file = {}\nkey_file = {}\n\n[grpc]\nlisten = [\"127.0.0.1:{}\"]\n\n[relay]\nlisten = [\"127.0.0.1:{}\"]\n\n[metrics]\nlisten = [\"127.0.0.1:{}\"]\n\n\
         [occupancy]\ncreate_limit = \"off\"\n\n[log]\nfilter = \"warn\"\n\n",
        format_args!(" {}", text(dir.join("data")).trim()),
        format_args!(" {}", text(dir.join("admin.sock")).trim()),
        port(0),
        https,
        mtls,
        text(chain).trim(),
        text(key).trim(),
        port(5),
        port(6),
        port(9),
    )
}

/// Our own folder, closed to others: a predictable name in a shared folder may be somebody's trap.
fn own_folder(dir: &Path) -> Result<(), CliError> {
    make_private(dir).map_err(CliError::failed)?;
    let found = std::fs::symlink_metadata(dir).map_err(|error| fault(dir, &error))?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(
            CliError::refused(format_args!("{} is not a folder of yours", dir.display()))
                .hint("name another with --dir"),
        );
    }
    Ok(())
}

fn fault(path: &Path, error: &std::io::Error) -> CliError {
    CliError::failed(format_args!("{}: {error}", path.display()))
}
