//! Whether the machine's own network changed: a cable was plugged in, an address came. The kernel's tables of routes and
//! addresses are compared as text, now and then while somebody waits for a next try.

use std::time::Duration;

use tokio::time::sleep;

/// The time between two looks at the kernel's tables.
const LOOK: Duration = Duration::from_secs(2);
/// Tables of the kernel, and the columns in them that say something lasting; the others count what is in use.
const TABLES: [(&str, &[usize]); 3] = [
    ("/proc/net/route", &[0, 1, 2, 3, 6, 7]),
    ("/proc/net/ipv6_route", &[0, 1, 4, 5, 9]),
    ("/proc/net/if_inet6", &[0, 2, 5]),
];

/// Waits until routes or addresses are others. Where they cannot be read, for ever.
pub async fn changed() {
    let before = tables();
    loop {
        sleep(LOOK).await;
        if tables() != before {
            return;
        }
    }
}

fn tables() -> Vec<String> {
    let read = |(file, columns): &(&str, &[usize])| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        lasting(&text, columns)
    };
    TABLES.iter().flat_map(read).collect()
}

/// The columns of each line, sorted: the kernel's order says nothing.
fn lasting(text: &str, columns: &[usize]) -> Vec<String> {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let kept: Vec<&str> = columns
            .iter()
            .filter_map(|column| fields.get(*column).copied())
            .collect();
        kept.join(" ")
    };
    let mut lines: Vec<String> = text.lines().map(line).collect();
    lines.sort();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_more_is_a_change_and_one_that_is_used_is_none() {
        let (_, columns) = TABLES[1];
        let line = |used: &str, device: &str| {
            format!(
                "fd00{:028} 40 {:032} 00 {:032} 00000100 00000001 {used} 00000001     {device}\n",
                0, 0, 0
            )
        };
        let (idle, used) = (line("00000000", "eth0"), line("0000002a", "eth0"));
        assert_eq!(lasting(&idle, columns), lasting(&used, columns));
        assert_ne!(lasting(&idle, columns), lasting(&line("00000000", "eth1"), columns));
        assert_ne!(
            lasting(&idle, columns),
            lasting(&(idle.clone() + &line("00000000", "eth1")), columns)
        );
        let turned = line("00000000", "eth1") + &idle;
        assert_eq!(
            lasting(&turned, columns),
            lasting(&(idle + &line("00000001", "eth1")), columns)
        );
    }
}
