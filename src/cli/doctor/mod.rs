//! `doctor`: each promise of the box is proved here and now, step by step, and what does not hold has its next command.
//!
//! It looks from where it is called: at the machine, at the configuration and the folder, and through the running box at what
//! only that can reach. What cannot be looked at is said, and is no proof.

mod backup;
mod configuration;
pub(super) mod doors;
mod handshake;
mod machine;
pub(super) mod meters;
pub(super) mod names;
mod outside;
mod places;
mod running;
mod serial;
mod storage;
pub(super) mod uplink;
mod way_out;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::reach::block_on;
use super::{CliError, Common, print};
use crate::admin::{Client, Status};
use crate::config::Config;
use crate::tls::{Step, StepVerdict};

#[derive(Args)]
pub(super) struct Doctor {
    /// Leave out what takes long or writes: the test backup, the speed of the disk
    #[arg(long)]
    quick: bool,
}

/// What is looked at together.
#[derive(Serialize)]
pub(super) struct Chapter {
    name: &'static str,
    steps: Vec<Step>,
}

/// What the chapters look at.
pub(super) struct Patient {
    pub(super) config: Config,
    /// The running box, and how it says that it is.
    pub(super) running: Option<(Client, Status)>,
}

impl Doctor {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        let chapters = block_on(async { Ok(self.all(common).await) })?;
        if common.json {
            print::json(&chapters);
        }
        Ok(sum_up(&chapters, common))
    }

    /// Every chapter; without `--json` each is printed as soon as it is known.
    async fn all(&self, common: &Common) -> Vec<Chapter> {
        let (loaded, configuration) = configuration::look_at(common);
        let mut chapters = Vec::new();
        add(&mut chapters, "configuration", configuration, common);
        let (found, steps) = running::look(common).await;
        add(&mut chapters, "box", steps, common);
        if let Some(config) = loaded {
            let patient = Patient { config, running: found };
            self.walk(&patient, &mut chapters, common).await;
        }
        chapters
    }

    async fn walk(&self, patient: &Patient, chapters: &mut Vec<Chapter>, common: &Common) {
        add(chapters, "machine", machine::look(patient), common);
        add(chapters, "places", places::look(patient), common);
        add(chapters, "disk", storage::look(patient, self.quick), common);
        add(chapters, "names", names::look(patient).await, common);
        let mut doors = doors::look(patient).await;
        doors.extend(outside::look(patient).await);
        add(chapters, "doors", doors, common);
        add(chapters, "way out", way_out::look(patient).await, common);
        if patient.running.is_some() {
            let mut lines = serial::look(patient).await;
            lines.extend(meters::look(patient).await);
            add(chapters, "meters", lines, common);
            add(chapters, "cloud", uplink::look(patient).await, common);
            add(chapters, "backup", backup::look(patient, self.quick).await, common);
        }
    }
}

/// What is found, without what takes long or writes, and without a word.
pub(super) async fn examine(common: &Common) -> Vec<Chapter> {
    let silent = Common {
        json: true,
        ..common.clone()
    };
    Doctor { quick: true }.all(&silent).await
}

/// A chapter without steps is of something that this box does not have.
fn add(chapters: &mut Vec<Chapter>, name: &'static str, steps: Vec<Step>, common: &Common) {
    if !steps.is_empty() {
        let chapter = Chapter { name, steps };
        tell(&chapter, common);
        chapters.push(chapter);
    }
}

/// Each chapter as soon as it is known: some take long.
fn tell(chapter: &Chapter, common: &Common) {
    if !common.json {
        print::line(format_args!("{}", chapter.name));
        super::cert::lines(&chapter.steps);
    }
}

fn sum_up(chapters: &[Chapter], common: &Common) -> ExitCode {
    let steps = || chapters.iter().flat_map(|chapter| &chapter.steps);
    let count = |verdict| steps().filter(|step| step.verdict == verdict).count();
    let (good, look, bad) = (
        count(StepVerdict::Good),
        count(StepVerdict::Doubtful),
        count(StepVerdict::Bad),
    );
    if !common.json {
        print::line(format_args!("{good} good, {look} to look at, {bad} bad"));
    }
    if bad > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
