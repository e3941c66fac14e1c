//! The figures, for people and as JSON.

use crate::drivers::{self, Comparison};
use crate::rounds::{Case, Turn};
use serde_json::{Value, json};
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// One thing measured several times.
pub struct Figure {
    /// What was measured.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it should not exceed.
    pub target: Option<f64>,
    /// One entry for each try.
    pub values: Vec<f64>,
}

/// All that was measured.
#[derive(Default)]
pub struct Report {
    figures: Vec<Value>,
    cases: Vec<Value>,
    drivers: Vec<Value>,
}

impl Report {
    /// Prints figures and takes them in.
    pub fn figures(&mut self, figures: Vec<Figure>) {
        for figure in figures {
            let [low, middle, high] = spread(&figure.values);
            let target = match figure.target {
                Some(target) if middle <= target => format!("target {target}: met"),
                Some(target) => format!("target {target}: MISSED"),
                None => String::new(),
            };
            let spread = format!("{low:.2} to {high:.2}");
            println!("{:38} {middle:8.2} {:4} {spread:18} {target}", figure.name, figure.unit);
            self.figures.push(json!({
                "name": figure.name, "unit": figure.unit, "target": figure.target, "median": middle,
                "low": low, "high": high,
            }));
        }
    }

    /// Prints throughputs and takes them in.
    pub fn cases(&mut self, cases: Vec<Case>) {
        println!(
            "\n{:12} {:>5}  {:>9} {:17} {:>9}  {:>9} {:>15}  {:>13} {:>5}  {:>7} {:>7}",
            "workload",
            "conns",
            "emulator",
            "(spread)",
            "floor",
            "of floor",
            "(spread)",
            "CPU us (floor)",
            "x",
            "p50 us",
            "p99 us"
        );
        for case in cases {
            self.case(&case);
        }
    }

    fn case(&mut self, case: &Case) {
        let column = |turns: &[Turn], of: fn(&Turn) -> f64| spread(&turns.iter().map(of).collect::<Vec<_>>());
        let [low, throughput, high] = column(&case.emulator, |turn| turn.throughput);
        let [_, floor, _] = column(&case.floor, |turn| turn.throughput);
        let [_, cpu, _] = column(&case.emulator, |turn| turn.cpu);
        let [_, floor_cpu, _] = column(&case.floor, |turn| turn.cpu);
        let [_, p50, _] = column(&case.emulator, |turn| turn.median as f64);
        let [_, p99, _] = column(&case.emulator, |turn| turn.p99 as f64);
        // Of each round's own two turns: what moves the machine between rounds cancels out.
        let pairs = case.emulator.iter().zip(&case.floor);
        let ratios: Vec<_> = pairs.map(|(emulator, floor)| emulator.throughput / floor.throughput).collect();
        let [ratio_low, ratio, ratio_high] = spread(&ratios);
        println!(
            "{:12} {:5}  {throughput:9.0} {:17} {floor:9.0}  {ratio:9.2} {:>15}  {:>13} {:5.2}  {p50:7.0} {p99:7.0}",
            case.workload,
            case.connections,
            format!("({low:.0}-{high:.0})"),
            format!("({ratio_low:.2}-{ratio_high:.2})"),
            format!("{cpu:.2} ({floor_cpu:.2})"),
            cpu / floor_cpu,
        );
        self.cases.push(json!({
            "workload": case.workload, "connections": case.connections,
            "records_per_operation": case.records_per_operation,
            "operations_per_second": {"median": throughput, "low": low, "high": high, "floor": floor},
            "of_floor": {"median": ratio, "low": ratio_low, "high": ratio_high},
            "cpu_microseconds_per_operation": {"median": cpu, "floor": floor_cpu},
            "latency_microseconds": {"p50": p50, "p99": p99},
        }));
    }

    /// Prints what drivers do per second and takes it in.
    pub fn comparisons(&mut self, comparisons: Vec<Comparison>) {
        if comparisons.is_empty() {
            return;
        }
        println!(
            "\n{:26} {:>8} {:15}  {:12} {:>8} {:15}  {:>5} {:12}  {:>16}",
            "driver, calls per second",
            "ours",
            "(spread)",
            "other",
            "",
            "(spread)",
            "times",
            "(spread)",
            "CPU us (other)"
        );
        for comparison in &comparisons {
            self.comparison(comparison);
        }
    }

    fn comparison(&mut self, comparison: &Comparison) {
        let column = |turns: &[drivers::Turn], of: fn(&drivers::Turn) -> f64| {
            spread(&turns.iter().map(of).collect::<Vec<_>>())
        };
        let rates = |turns: &[drivers::Turn]| column(turns, |turn| turn.rate);
        let best = comparison.others.iter().map(|(_, turns)| rates(turns)[1]).fold(0.0, f64::max);
        let [low, ours, high] = rates(&comparison.ours);
        let [_, cpu, _] = column(&comparison.ours, |turn| turn.cpu);
        for (name, turns) in &comparison.others {
            let [other_low, other, other_high] = rates(turns);
            let [_, other_cpu, _] = column(turns, |turn| turn.cpu);
            // Of each round's own turns, as above.
            let pairs = comparison.ours.iter().zip(turns);
            let ratios: Vec<_> = pairs.map(|(ours, other)| ours.rate / other.rate).collect();
            let [ratio_low, ratio, ratio_high] = spread(&ratios);
            // The target is set against the best of the others.
            let target = comparison.target.filter(|_| other >= best);
            let verdict = match target {
                Some(target) if ratio >= target => format!("target {target}: met"),
                Some(target) => format!("target {target}: MISSED"),
                None => String::new(),
            };
            println!(
                "{:26} {ours:8.0} {:15}  {name:12} {other:8.0} {:15}  {ratio:5.2} {:12}  {:>16}  {verdict}",
                comparison.call,
                format!("({low:.0}-{high:.0})"),
                format!("({other_low:.0}-{other_high:.0})"),
                format!("({ratio_low:.2}-{ratio_high:.2})"),
                format!("{cpu:.1} ({other_cpu:.1})"),
            );
            self.drivers.push(json!({
                "call": comparison.call, "other": name, "target": target,
                "calls_per_second": {"median": ours, "low": low, "high": high},
                "other_calls_per_second": {"median": other, "low": other_low, "high": other_high},
                "times": {"median": ratio, "low": ratio_low, "high": ratio_high},
                "cpu_microseconds_per_call": {"median": cpu, "other": other_cpu},
            }));
        }
    }

    /// Writes `latest.json`, and the same under the time of the run.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let cores = std::thread::available_parallelism().map_or(0, |count| count.get());
        let document = json!({
            "unix_time": now, "cores": cores, "figures": self.figures, "throughput": self.cases,
            "drivers": self.drivers,
        });
        let text = format!("{document:#}\n");
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join(format!("{now}.json")), &text)?;
        let latest = folder.join("latest.json");
        std::fs::write(&latest, text)?;
        println!("\n{cores} cores, shared by server and load; results in {}", latest.display());
        Ok(())
    }
}

/// Lowest, median and highest.
fn spread(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let pick = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    [pick(0), pick(sorted.len() / 2), pick(sorted.len().saturating_sub(1))]
}

#[cfg(test)]
mod tests {
    #[test]
    fn spread_is_lowest_median_highest() {
        assert_eq!(super::spread(&[5.0, 1.0, 3.0]), [1.0, 3.0, 5.0]);
        assert!(super::spread(&[])[1].is_nan());
    }
}
