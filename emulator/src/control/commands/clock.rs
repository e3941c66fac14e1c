//! `emulator-clock[:advance=SPAN | set=TIME | freeze | resume | reset]`: moves the clock; tells how it stands.

use super::Answer;
use crate::control::{Arguments, ClockControl, Refusal, parse_duration};
use crate::server::Server;
use serde_json::json;

pub fn run(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let clock = ClockControl::of(server);
    let refuse = |error: crate::control::clock::OutOfRange| Refusal::new(error.to_string());
    let advance = arguments.text("advance")?.map(parse_duration).transpose()?;
    let set = arguments.parse::<f64>("set", "seconds since 1970")?;
    let freeze = arguments.word("freeze");
    let (resume, reset) = (arguments.word("resume"), arguments.word("reset"));
    arguments.finish()?;
    match (set, advance, freeze, resume, reset) {
        (None, None, false, false, false) => {}
        (Some(seconds), None, false, false, false) => {
            clock.set_unix_ms(milliseconds(seconds)?).map_err(refuse)?
        }
        (None, Some(by), false, false, false) => clock.advance(by).map_err(refuse)?,
        (None, None, true, false, false) => clock.freeze(),
        (None, None, false, true, false) => clock.resume(),
        (None, None, false, false, true) => clock.reset(),
        _ => return Err(Refusal::new("one at a time: advance, set, freeze, resume or reset")),
    }
    let clock = &server.clock;
    Ok(json!({
        "unix_ms": clock.unix_ms(),
        "offset_ms": clock.offset_ms(),
        "frozen": clock.is_frozen(),
    }))
}

fn milliseconds(seconds: f64) -> Result<u64, Refusal> {
    let ms = seconds * 1000.0;
    match ms.is_finite() && (0.0..1e18).contains(&ms) {
        true => Ok(ms.round() as u64),
        false => Err(Refusal::new(format!("'{seconds}' is no time in seconds since 1970"))),
    }
}
