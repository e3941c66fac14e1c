//! Spans of time as text.

use super::Refusal;
use std::time::Duration;

/// Reads seconds, with or without a fraction, or a number with `ms`, `s`, `m`, `h` or `d`.
///
/// # Errors
/// [`Refusal`] for anything else, and for what no [`Duration`] can hold.
pub fn parse_duration(text: &str) -> Result<Duration, Refusal> {
    let bad =
        || Refusal::new(format!("'{text}' is no span of time: seconds, or a number with ms, s, m, h or d"));
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let seconds = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(bad()),
    };
    let number: f64 = number.parse().map_err(|_| bad())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time() {
        let ms = |text| parse_duration(text).map(|span| span.as_millis());
        assert_eq!(ms("10"), Ok(10_000));
        assert_eq!(ms("0.25"), Ok(250));
        assert_eq!(ms("250ms"), Ok(250));
        assert_eq!(ms("2m"), Ok(120_000));
        assert_eq!(ms("30d"), Ok(2_592_000_000));
        for bad in ["", "-1", "s", "1y", "1 s", "nan", "inf", "1e300", "1m1s"] {
            assert!(ms(bad).is_err(), "{bad}");
        }
    }
}
