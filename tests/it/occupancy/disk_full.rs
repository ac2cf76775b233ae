//! A full disk, for real: a file system of 64 MiB is filled, counting is refused with 507 while reading goes
//! on, and it recovers by itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

/// A file system of its own, taken away at the end.
struct SmallDisk {
    at: PathBuf,
}

fn as_root(program: &str, args: &[&str]) -> bool {
    let run = |program: &str, args: &[&str]| {
        Command::new(program)
            .args(args)
            .status()
            .is_ok_and(|status| status.success())
    };
    run(program, args) || run("sudo", &[&["-n", program], args].concat())
}

impl SmallDisk {
    fn mount(at: &Path, megabytes: u32) -> SmallDisk {
        std::fs::create_dir_all(at).unwrap();
        let options = format!("size={megabytes}m,mode=0777,uid={}", rustix::process::getuid().as_raw());
        let mounted = as_root("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", at.to_str().unwrap()]);
        assert!(
            mounted,
            "this test mounts a tmpfs: run it as root, or let sudo mount without a password"
        );
        SmallDisk { at: at.to_owned() }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        as_root("umount", &["-l", self.at.to_str().unwrap()]);
    }
}

#[test]
fn a_full_disk_refuses_counting_goes_on_reading_and_recovers() {
    let mut running = TestBox::unstarted(CONFIG);
    let disk = SmallDisk::mount(&running.dir.join("data"), 64);
    running.run();
    let mut https = running.https();
    let made = https
        .ask("PUT", "/space/new/occupancy/current/0/max/100000", &[])
        .json();
    let path = format!("/space/{}", made["space_id"].as_str().unwrap());
    let count = format!("{path}/increment");
    assert_eq!(https.ask("PUT", &count, &[]).status, 200);

    let hog = disk.at.join("hog");
    fill(&hog);
    let refused = eventually("counting is refused", || {
        let answer = https.ask("PUT", &count, &[]);
        (answer.status != 200).then_some(answer)
    });
    assert_eq!(refused.status, 507, "{refused:?}");
    assert!(refused.json()["error"].as_str().unwrap().contains("disk is full"));
    assert!(refused.header("retry-after").is_some());
    // What pruning frees is used up first.
    eventually("the box says so", || {
        https.ask("PUT", &count, &[]);
        (running.json(&["status"])["state"] == "degraded").then_some(())
    });
    let full = https.ask("GET", &path, &[]).json()["occupancy"]["current"]
        .as_u64()
        .unwrap();
    eventually("readiness says so", || {
        (https.ask("GET", "/readyz", &[]).status == 503).then_some(())
    });

    running.kill();
    running.run();
    let mut https = running.https();
    assert_eq!(
        https.ask("GET", &path, &[]).json()["occupancy"]["current"],
        full,
        "it starts on a full disk too"
    );

    std::fs::remove_file(&hog).unwrap();
    eventually("it recovers by itself", || {
        (https.ask("PUT", &count, &[]).status == 200).then_some(())
    });
    assert_eq!(https.ask("GET", &path, &[]).json()["occupancy"]["current"], full + 1);
    running.kill();
}

#[test]
fn a_box_that_was_started_on_a_full_disk_goes_on_when_it_has_room_again() {
    let mut running = TestBox::unstarted(CONFIG);
    let disk = SmallDisk::mount(&running.dir.join("data"), 24);
    running.run();
    let made = running
        .https()
        .ask("PUT", "/space/new/occupancy/current/0/max/100000", &[])
        .json();
    let path = format!("/space/{}", made["space_id"].as_str().unwrap());
    let count = format!("{path}/increment");
    let mut counted = 0;
    for _ in 0..4 {
        let hog = disk.at.join("hog");
        fill(&hog);
        let mut https = running.https();
        eventually("counting is refused", || {
            let status = https.ask("PUT", &count, &[]).status;
            counted += u64::from(status == 200);
            (status == 507).then_some(())
        });
        running.kill();
        running.run();
        std::fs::remove_file(&hog).unwrap();
        let process = running.process();
        let mut https = running.https();
        eventually("counting is taken again", || {
            let status = https.ask("PUT", &count, &[]).status;
            counted += u64::from(status == 200);
            (status == 200).then_some(())
        });
        // What the table could not write before is found out when rows are carried to it, about once a second.
        let before = std::time::Instant::now();
        while before.elapsed() < std::time::Duration::from_secs(3) {
            let answer = https.ask("PUT", &count, &[]);
            assert_eq!(answer.status, 200, "{answer:?}");
            counted += 1;
            // Slowly: the disk is small, and is not to be full again.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert_eq!(running.process(), process);
        let now = https.ask("GET", &path, &[]).json()["occupancy"]["current"]
            .as_u64()
            .unwrap();
        assert_eq!(now, counted, "every count that was answered is there, and no other");
    }
    assert!(!running.log().contains("cannot go on"), "{}", running.log());
}

/// Writes until nothing more fits.
fn fill(file: &Path) {
    use std::io::Write;
    let mut hog = std::fs::File::create(file).unwrap();
    let chunk = vec![1; 64 << 10];
    while hog.write_all(&chunk).is_ok() {}
}
