//! Days of half hours into files, and folders of them compared (EMOP §14, §15).

use serde_json::Value;

use super::emop_fixture::{Fixture, SERIAL, SILENT, Said, run};

fn gatelodge(fixture: &Fixture, arguments: &[&str]) -> Said {
    let socket = fixture.running.dir.join("admin.sock");
    let mut command = fixture.plain();
    command
        .current_dir(&fixture.running.dir)
        .env("TMPDIR", &fixture.running.dir);
    run(command.env("GATELODGE_ADMIN_SOCKET", socket).args(arguments), "")
}

#[test]
fn a_day_is_downloaded_once_into_a_file_an_element() {
    let fixture = Fixture::start();
    let day = [
        "profile-download",
        "--serial",
        SERIAL,
        "--output",
        "days",
        "--date",
        "2026-02-09",
    ];
    let said = gatelodge(&fixture, &day);
    assert_eq!(said.code, 0, "{}", said.err);
    let read = |file: &str| std::fs::read_to_string(fixture.running.dir.join("days").join(file)).unwrap();
    let at: jiff::Timestamp = "2026-02-09T00:00:00Z".parse().unwrap();
    let k = (at.as_second() - 946_684_800) / 1_800 - 420_000;
    for (letter, import, export) in [("A", [100_000, 250], [20_000, 40]), ("B", [50_000, 100], [9_000, 11])] {
        let text = read(&format!("{SERIAL}-{letter}-20260209.csv"));
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 49);
        assert_eq!(
            lines[0],
            format!("\"created_at\",\"{SERIAL}-{letter}\",\"{SERIAL}-{letter}_rev\"")
        );
        for (line, slot) in [(1, 0), (48, 47)] {
            let value = |[base, step]: [i64; 2]| base + step * (k + slot);
            let minutes = slot * 30;
            let wanted = format!(
                "2026-02-09 {:02}:{:02}:00+0000,{},{}",
                minutes / 60,
                minutes % 60,
                value(import),
                value(export)
            );
            assert_eq!(lines[line], wanted);
        }
    }
    let said = gatelodge(&fixture, &day);
    assert!(said.code == 0 && said.err.contains("is there already"), "{}", said.err);
    let said = gatelodge(
        &fixture,
        &[
            "profile_download",
            "--serial",
            SERIAL,
            "--output",
            "days",
            "--date",
            "2020-01-01",
        ],
    );
    assert!(said.code == 0 && said.err.contains("2023-12-16"), "{}", said.err);
    assert_eq!(std::fs::read_dir(fixture.running.dir.join("days")).unwrap().count(), 2);
    let said = gatelodge(
        &fixture,
        &["profile-download", "--serial", SILENT, "--date", "2026-02-09"],
    );
    assert!(
        said.code == 1 && said.err.contains("Failed to connect to meter"),
        "{}",
        said.err
    );
    for wrong in [&["--serial", SERIAL][..], &["--serial", SERIAL, "--date", "9 Feb"], &[]] {
        assert_eq!(
            gatelodge(&fixture, &[&["profile-download"], wrong].concat()).code,
            2,
            "{wrong:?}"
        );
    }
}

#[test]
fn groups_of_meters_are_made_whole() {
    let fixture = Fixture::start();
    let file = fixture.running.dir.join("groups.properties");
    let text = "rootfolder = root\nesco = hmce\nsleepseconds = 0\ntestmode = no\na.folder = Flat 7\na.startdate = 2026-02-07\n\
                a.enddate = 2026-02-09\n";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let said = gatelodge(&fixture, &["profile-download", "--config", file]);
    assert_eq!(said.code, 0, "{}", said.err);
    let missing: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(missing["missing_dates"]["a"].as_array().unwrap().len(), 3, "{missing}");
    assert_eq!(
        std::fs::read_dir(fixture.running.dir.join("root/Flat 7"))
            .unwrap()
            .count(),
        6
    );
    let said = gatelodge(&fixture, &["profile-download", "--groups", file]);
    let missing: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(missing["missing_dates"]["a"].as_array().unwrap().len(), 0, "{missing}");
    std::fs::write(file, text.replace("Flat 7", "Flat 8")).unwrap();
    let said = gatelodge(&fixture, &["profile-download", "--groups", file]);
    assert!(said.code == 1 && said.err.contains("HMCE.Flat 8"), "{}", said.err);
    std::fs::write(file, "esco = hmce\n").unwrap();
    assert_eq!(gatelodge(&fixture, &["profile-download", "--groups", file]).code, 3);
}

#[test]
fn folders_are_compared_by_names_and_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let run = |arguments: &[&str]| -> Said {
        let mut command = crate::support::test_box::binary();
        command
            .current_dir(folder.path())
            .args(arguments)
            .output()
            .unwrap()
            .into()
    };
    for side in ["one", "two"] {
        put(&format!("{side}/m/EML1-20260201.csv"), "same");
        put(&format!("{side}/m/EML1-20260202_st.csv"), "same");
        put(&format!("{side}/notes.txt"), side);
    }
    assert_eq!(run(&["replicas-compare", "one", "two"]).code, 0);
    put("one/m/EML1-20260203.csv", "here only");
    put("one/m/EML1-20260204.csv", "longer");
    put("two/m/EML1-20260204.csv", "long");
    put("two/extra.csv", "there only");
    let said = run(&["replicas_compare", "one", "two"]);
    assert_eq!(said.code, 1);
    for line in [
        "Only in one: 1",
        "  m/EML1-20260203.csv",
        "Only in two: 1",
        "  extra.csv",
        "Of different size: 1",
        "  m/EML1-20260204.csv: 6 and 4 bytes",
    ] {
        assert!(said.out.lines().any(|found| found == line), "{line}: {}", said.out);
    }
    assert_eq!(
        run(&["replicas-compare", "one", "two", "2026-02-01", "2026-02-02"]).code,
        0,
        "files without a day do not count"
    );
    assert_eq!(run(&["replicas-compare", "one", "nowhere"]).code, 2);

    assert_eq!(run(&["replicas-check", "one", "2026-02-01", "2026-02-04"]).code, 0);
    let said = run(&["replica_check_missing", "one", "2026-01-30", "2026-02-05"]);
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("  2026-01-30 to 2026-01-31\n  2026-02-05\n"),
        "{}",
        said.out
    );
    assert_eq!(run(&["replicas-check", "nowhere", "2026-02-01", "2026-02-02"]).code, 2);

    put("three/EML1-20250101.csv", &"x\r\n".repeat(49));
    assert_eq!(run(&["replicas-files-missing-records-2025", "three"]).code, 0);
    put("three/EML1-20250102.csv", &"x\r\n".repeat(48));
    let said = run(&["replicas-files-missing-records-2025", "three"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (1, "three/EML1-20250102.csv: 48 lines\n")
    );
}
