//! A reload by parts that open nothing: what is rebuilt, what is left alone, and what a fault leaves in force.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{refresh, revive};
use crate::app::part::{Part, Service, service};
use crate::app::slot::{AnySlot, Slot};
use crate::config::Config;
use crate::supervisor::Supervisor;

/// What happened, in order.
type Heard = Arc<Mutex<Vec<String>>>;

/// A part that is built of the building's name, unless that is `none`; it cannot be built of `bad`.
struct Named {
    name: String,
    heard: Heard,
}

/// A part that is built of how long half-hours are kept, and takes changes over.
struct Kept {
    heard: Heard,
}

fn say(heard: &Heard, what: String) {
    heard.lock().unwrap().push(what);
}

#[async_trait]
impl Part<Heard> for Named {
    const NAME: &'static str = "named";
    const IS_ROOM: bool = true;
    type Section = String;

    fn section(config: &Config) -> Option<String> {
        Some(config.site.name.clone()).filter(|name| name != "none")
    }

    async fn build(section: &String, heard: &Heard) -> anyhow::Result<Arc<Named>> {
        anyhow::ensure!(section != "bad", "it cannot be called that");
        say(heard, format!("built {section}"));
        Ok(Arc::new(Named {
            name: section.clone(),
            heard: Arc::clone(heard),
        }))
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        vec![service("named", self, Named::run)]
    }

    fn close(heard: &Heard) {
        say(heard, "closed".to_owned());
    }
}

impl Named {
    async fn run(self: Arc<Self>, stop: CancellationToken) -> anyhow::Result<()> {
        anyhow::ensure!(self.name != "broken", "it breaks");
        say(&self.heard, format!("begins {}", self.name));
        stop.cancelled().await;
        // The last words take a while.
        tokio::time::sleep(Duration::from_secs(3)).await;
        say(&self.heard, format!("ends {}", self.name));
        Ok(())
    }
}

#[async_trait]
impl Part<Heard> for Kept {
    const NAME: &'static str = "kept";
    const IS_ROOM: bool = true;
    type Section = u64;

    fn section(config: &Config) -> Option<u64> {
        Some(config.retention.readings.0.as_secs())
    }

    async fn build(_section: &u64, heard: &Heard) -> anyhow::Result<Arc<Kept>> {
        say(heard, "built kept".to_owned());
        Ok(Arc::new(Kept {
            heard: Arc::clone(heard),
        }))
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        Vec::new()
    }

    fn adopt(&self, section: &u64) -> bool {
        say(&self.heard, format!("takes over {section}"));
        true
    }
}

/// Both parts, and what becomes of them.
struct Rig {
    named: Slot<Named, Heard>,
    kept: Slot<Kept, Heard>,
    heard: Heard,
    supervisor: Supervisor,
}

impl Rig {
    fn new() -> Rig {
        Rig {
            named: Slot::default(),
            kept: Slot::default(),
            heard: Heard::default(),
            supervisor: Supervisor::new(Duration::from_secs(5)),
        }
    }

    /// Takes over a building's name and how long half-hours are kept; `socket` concerns no part.
    async fn take(&mut self, name: &str, readings: &str, socket: &str) -> Result<Option<Vec<String>>, String> {
        let said = json!({"site": {"name": name}, "retention": {"readings": readings}, "admin_socket": socket});
        let config: Config = serde_json::from_value(said).unwrap();
        let parts: Vec<&mut dyn AnySlot<Heard>> = vec![&mut self.named, &mut self.kept];
        let taken = refresh(parts, &config, &self.heard, &mut self.supervisor).await;
        taken.map_err(|error| format!("{error:#}"))
    }

    /// All that was to change did.
    async fn commit(&mut self) {
        self.named.commit(&self.heard).await.unwrap();
        self.kept.commit(&self.heard).await.unwrap();
    }

    /// What happened since it was asked last, when nothing goes on any more.
    async fn heard(&self) -> Vec<String> {
        tokio::time::sleep(Duration::from_secs(10)).await;
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

fn words(text: &str) -> Option<Vec<String>> {
    Some(text.split(", ").map(str::to_owned).collect())
}

#[tokio::test(start_paused = true)]
async fn only_what_changed_is_rebuilt_and_the_old_one_ends_first() {
    let mut rig = Rig::new();
    assert_eq!(rig.take("a", "0s", "/run").await.unwrap(), words("named, kept"));
    assert_eq!(rig.heard().await, ["built a", "built kept", "begins a"]);
    assert_eq!(rig.take("a", "0s", "/x").await.unwrap(), None);
    assert_eq!(rig.heard().await, [""; 0]);
    assert_eq!(rig.take("b", "0s", "/run").await.unwrap(), words("named"));
    assert_eq!(rig.heard().await, ["built b", "ends a", "begins b"]);
    assert_eq!(rig.take("b", "1d", "/run").await.unwrap(), words("kept"));
    assert_eq!(rig.heard().await, ["takes over 86400"], "it was not built anew");
    assert_eq!(rig.take("none", "1d", "/run").await.unwrap(), words("named"));
    assert_eq!(
        rig.heard().await,
        ["ends b"],
        "a reload that goes back finds what was kept"
    );
    assert!(rig.named.get().is_none());
    rig.commit().await;
    rig.commit().await;
    assert_eq!(rig.heard().await, ["closed"], "once");
}

#[tokio::test(start_paused = true)]
async fn what_goes_back_was_never_closed() {
    let mut rig = Rig::new();
    rig.take("a", "0s", "/run").await.unwrap();
    rig.commit().await;
    rig.heard().await;
    rig.take("none", "0s", "/run").await.unwrap();
    rig.take("a", "0s", "/run").await.unwrap();
    rig.commit().await;
    assert_eq!(rig.heard().await, ["built a", "ends a", "begins a"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_wanted_from_the_beginning_is_closed_once() {
    let mut rig = Rig::new();
    for _ in 0..2 {
        rig.take("none", "0s", "/run").await.unwrap();
        rig.commit().await;
    }
    assert_eq!(rig.heard().await, ["built kept", "closed"]);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_cannot_be_built_leaves_the_one_that_runs() {
    let mut rig = Rig::new();
    rig.take("a", "0s", "/run").await.unwrap();
    rig.heard().await;
    let refused = rig.take("bad", "1d", "/run").await.unwrap_err();
    assert_eq!(refused, "named: it cannot be called that");
    assert_eq!(rig.heard().await, [""; 0], "what comes after it is as it was");
    assert_eq!(rig.named.get().unwrap().name, "a");
    assert_eq!(
        rig.take("a", "0s", "/run").await.unwrap(),
        None,
        "and nothing is to be put back"
    );
}

#[tokio::test(start_paused = true)]
async fn a_hundred_changes_at_once_leave_the_last_and_break_nothing() {
    let mut rig = Rig::new();
    for round in 0..100 {
        rig.take(&format!("n{round}"), "0s", "/run").await.unwrap();
    }
    let heard = rig.heard().await;
    let of = |what: &str| heard.iter().filter(|said| said.starts_with(what)).count();
    assert_eq!(of("begins"), of("ends") + 1, "one at a time");
    assert_eq!(heard.last().unwrap(), "begins n99");
    assert_eq!(rig.supervisor.failed(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_was_left_alone_is_built_anew() {
    let mut rig = Rig::new();
    rig.take("broken", "0s", "/run").await.unwrap();
    rig.heard().await;
    let failed = rig.supervisor.failed();
    assert_eq!(failed, ["named"]);
    let parts: Vec<&mut dyn AnySlot<Heard>> = vec![&mut rig.named, &mut rig.kept];
    assert!(revive(parts, &failed, &rig.heard, &mut rig.supervisor).await.unwrap());
    assert_eq!(rig.heard().await, ["built broken"]);
    assert_eq!(rig.supervisor.failed(), ["named"], "it broke again");
    let parts: Vec<&mut dyn AnySlot<Heard>> = vec![&mut rig.named, &mut rig.kept];
    assert!(
        !revive(parts, &["kept".to_owned()], &rig.heard, &mut rig.supervisor)
            .await
            .unwrap()
    );
}
