//! How fast the emulator starts inside a Python process.

use crate::report::Figure;
use std::io;
use std::path::Path;
use std::process::Command;

const TRIES: usize = 7;
/// Prints milliseconds: of the import, of the first start, of a later one.
const PROGRAM: &str = "
import time
begin = time.perf_counter()
from aerospike_emulator import Emulator
imported = time.perf_counter()
first = Emulator().start()
started = time.perf_counter()
Emulator().start()
again = time.perf_counter()
print((imported - begin) * 1e3, (started - imported) * 1e3, (again - started) * 1e3)
";

/// Starts it in several fresh interpreters.
pub fn measure(python: &Path) -> io::Result<Vec<Figure>> {
    let mut columns = [const { Vec::new() }; 3];
    for _ in 0..TRIES {
        let output = Command::new(python).args(["-c", PROGRAM]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        if numbers.len() != columns.len() {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(io::Error::other(format!("{} fails: {error}", python.display())));
        }
        columns.iter_mut().zip(numbers).for_each(|(column, number)| column.push(number));
    }
    let [import, first, again] = columns;
    let figure = |name, target, values| Figure { name, unit: "ms", target, values };
    Ok(vec![
        figure("embedded start, first in its process", Some(10.0), first),
        figure("embedded start, a further one", Some(10.0), again),
        figure("import of the Python package", None, import),
    ])
}
