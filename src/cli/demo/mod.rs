//! `demo`: everything on 127.0.0.1 without configuration.

mod breaking;
mod client;
mod december;
mod gateway;
mod half_hours;
mod levers;
mod meters;
mod once;
mod paid;
mod perseus;
mod prepare;
mod pulse;
mod receiver;
mod shown_pair;
mod yesterday;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::serve::{ended, runtime};
use super::{CliError, Common, print};
use crate::accounts::random_id;
use crate::app::{self, LogTo, Ready};
use crate::config::{self, Flags};
use crate::files::write_private;
use breaking::{Change, Workshop};
use gateway::Gateway;
use prepare::Prepared;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Demo {
    #[command(subcommand)]
    change: Option<Change>,
    /// Where it keeps its data; what is there is used again [default: gatelodge-demo in the folder for temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The first of its ports: http N, https N+3, mtls N+4, grpc N+5, relay N+6, metrics N+9, meters from N+20 on; 0: whatever is free
    #[arg(long, value_name = "N", default_value_t = 8440)]
    port_base: u16,
    /// Another address to which the demo's applications send people back; may be given several times
    #[arg(long, value_name = "URL")]
    redirect_uri: Vec<String>,
    /// Walk the main job end to end in a fresh folder on free ports, say what was done, and exit
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        if let Some(change) = &self.change {
            return change.run(common);
        }
        if self.once {
            let folder = Fresh::make(self.dir.as_deref())?;
            runtime()?.block_on(once::walk(&folder.path))?;
            return Ok(ExitCode::SUCCESS);
        }
        let dir = breaking::folder(self.dir.as_deref());
        let runtime = runtime()?;
        let mut prepared = runtime.block_on(prepare::prepare(&dir, self.port_base, &self.redirect_uri))?;
        prepared.simulated.start(runtime.handle());
        let flags = Flags {
            file: Some(prepared.config_file.clone()),
            socket: None,
        };
        let loaded = config::load(&flags)?;
        let logging = app::start_logging(&loaded.config.log, LogTo::Stderr);
        let json = common.json;
        prepared.receiver.start(runtime.handle(), &prepared.messages, !json)?;
        let gateway = Gateway {
            bundle: prepared.relay_peers[0].clone(),
            authority: prepared.relay_ca.clone(),
        };
        let (tell, told) = oneshot::channel();
        let prepared = &prepared;
        let workshop = {
            let _entered = runtime.enter();
            Workshop::open(prepared)?
        };
        let serving = app::serve_on(prepared.levers.ground(), loaded, flags, logging, move |ready| {
            announce(prepared, ready, json);
            // Nobody listens any more when the box is stopping already.
            let _ = tell.send(ready.clone());
        });
        let waiting = async {
            match told.await {
                Ok(ready) => {
                    let people = pulse::people(&ready, prepared);
                    tokio::join!(gateway.run(ready.clone()), people, workshop.run());
                }
                Err(_) => std::future::pending().await,
            }
        };
        let end = runtime.block_on(async {
            tokio::select! {
                end = serving => end,
                () = waiting => Ok(app::End::Stopped),
            }
        });
        ended(end)
    }
}

/// A folder of our own that goes away with us.
struct Fresh {
    path: PathBuf,
    keep: bool,
}

impl Fresh {
    fn make(named: Option<&Path>) -> Result<Fresh, CliError> {
        let path = match named {
            Some(dir) if dir.exists() => {
                return Err(
                    CliError::refused(format_args!("{} exists", dir.display())).hint("--once wants a fresh folder")
                );
            }
            Some(dir) => super::reach::absolute(dir),
            None => std::env::temp_dir().join(format!("gatelodge-once-{}", random_id())),
        };
        Ok(Fresh {
            path,
            keep: named.is_some(),
        })
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Says where everything is, now that it works.
fn announce(prepared: &Prepared, ready: &Ready, as_json: bool) {
    let found = prepared.describe(ready);
    if let Err(error) = write_private(&prepared.dir.join("demo.json"), found.to_string().as_bytes()) {
        print::note(format_args!("gatelodge: demo.json was not written: {error}"));
    }
    if as_json {
        print::json(&found);
    } else {
        say(&found);
    }
}

fn say(found: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let door = |name: &str| text(&found["doors"][name][0]);
    let (https, ca) = (door("https"), text(&found["ca_file"]));
    let port = https.rsplit(':').next().unwrap_or_default();
    print::lines(format_args!(
        "The demo is ready; Ctrl-C ends it. Its data stays in {}\n",
        text(&found["dir"])
    ));
    print::line(format_args!("Pages       https://localhost:{port}/"));
    for (role, login) in found["logins"].as_object().into_iter().flatten() {
        print::line(format_args!(
            "  {role:<10} {} / {}",
            text(&login["username"]),
            text(&login["password"])
        ));
    }
    print::lines(format_args!(
        "\nMeters      {}",
        found["meters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(text)
            .collect::<Vec<_>>()
            .join(" ")
    ));
    let space = text(&found["spaces"][0]);
    print::lines(format_args!("\nTry"));
    print::line(format_args!(
        "  curl --cacert {ca} https://localhost:{port}/space/{space}"
    ));
    print::line(format_args!(
        "  curl --cacert {ca} -X PUT https://localhost:{port}/space/{space}/increment"
    ));
    print::line(format_args!(
        "  curl --cacert {ca} --cert {} --key {} https://localhost:{}/whoami",
        text(&found["client"]["certificate_file"]),
        text(&found["client"]["key_file"]),
        door("mtls").rsplit(':').next().unwrap_or_default()
    ));
    print::line(format_args!(
        "  curl --cacert {ca} -H 'Authorization: Bearer {}' 'https://localhost:{port}/v1/meters/{}/intervals?format=csv'",
        text(&found["api_token"]),
        text(&found["meters"][0])
    ));
    for step in perseus::steps(&found["perseus"], &ca) {
        print::line(format_args!("  {step}"));
    }
    print::line(format_args!("  curl http://{}/metrics", door("metrics")));
    let relay = &found["relay"];
    print::lines(format_args!(
        "  gatelodge relay connect {}{} --cert {} --ca {}   then, through two peers:\n  curl http://127.0.0.1:5001/metrics",
        text(&relay["url"]),
        gateway::ID,
        text(&relay["peers"][1]),
        text(&relay["ca_file"])
    ));
    print::line(format_args!(
        "  gatelodge --config {} status",
        text(&found["config_file"])
    ));
    print::line(format_args!(
        "  gatelodge demo break {} --dir {dir}   and, once you have seen it: gatelodge demo mend --dir {dir}",
        breaking::names().join("|"),
        dir = text(&found["dir"]),
    ));
}

impl Prepared {
    /// What `demo --json` holds.
    fn describe(&self, ready: &Ready) -> Value {
        json!({
            "dir": self.dir, "config_file": self.config_file, "doors": ready.doors, "ca_file": self.ca_file,
            "logins": self.logins, "api_token": self.api_token, "spaces": self.spaces,
            "relay": { "url": gateway::url(ready), "ca_file": self.relay_ca, "peers": self.relay_peers },
            "client": { "certificate_file": self.client_certificate, "key_file": self.client_key },
            "meters": meters::serials(), "grpc": self.grpc, "perseus": self.applications.describe(self.ports, &self.receiver.file),
        })
    }
}
