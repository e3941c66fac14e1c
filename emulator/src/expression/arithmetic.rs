//! Arithmetic and integer bit operations (expressions §11, §12).
//!
//! `None` is unknown. NaN bits follow the reference server: an invalid operation makes the one with the sign bit
//! set, a NaN operand passes through.

/// What an invalid floating-point operation yields.
const NAN: f64 = f64::from_bits(0xfff8_0000_0000_0000);
/// The bit that tells a quiet NaN from a signalling one.
const QUIET: u64 = 0x0008_0000_0000_0000;

/// Operations on one or more numbers of one type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fold {
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
}

/// Operations on one or more integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IntFold {
    And,
    Or,
    Xor,
}

/// Operations on two integers; the scans take a bool as the second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IntPair {
    Mod,
    LeftShift,
    RightShift,
    ArithmeticRightShift,
    LeftScan,
    RightScan,
}

/// Operations on one integer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IntUnary {
    Abs,
    Not,
    Count,
}

/// Operations on two floats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FloatPair {
    Pow,
    Log,
}

/// Operations on one float.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FloatUnary {
    Abs,
    Floor,
    Ceil,
}

impl Fold {
    /// The operation on one integer.
    pub fn int_alone(self, x: i64) -> Option<i64> {
        match self {
            Fold::Sub => Some(0i64.wrapping_sub(x)),
            Fold::Div => int_div(1, x),
            _ => Some(x),
        }
    }

    /// Combines two integers: of a division's arguments those behind the first.
    pub fn int_step(self, x: i64, y: i64) -> i64 {
        match self {
            Fold::Add => x.wrapping_add(y),
            Fold::Sub => x.wrapping_sub(y),
            Fold::Mul | Fold::Div => x.wrapping_mul(y),
            Fold::Min => x.min(y),
            Fold::Max => x.max(y),
        }
    }

    /// The operation on one float.
    pub fn float_alone(self, x: f64) -> f64 {
        match self {
            Fold::Sub => float_op(0.0, x, |x, y| x - y),
            Fold::Div => float_op(1.0, x, |x, y| x / y),
            _ => x,
        }
    }

    /// Combines two floats: of a division's arguments those behind the first.
    pub fn float_step(self, x: f64, y: f64) -> f64 {
        match self {
            Fold::Add => float_op(x, y, |x, y| x + y),
            Fold::Sub => float_op(x, y, |x, y| x - y),
            Fold::Mul | Fold::Div => float_op(x, y, |x, y| x * y),
            // Not f64::min: the first stays unless a later one is strictly smaller, NaN and zeros included.
            Fold::Min => {
                if y < x {
                    y
                } else {
                    x
                }
            }
            Fold::Max => {
                if y > x {
                    y
                } else {
                    x
                }
            }
        }
    }
}

/// Divides toward zero; unknown for a divisor of 0, and where the quotient does not fit (expressions §26).
pub(super) fn int_div(x: i64, y: i64) -> Option<i64> {
    x.checked_div(y)
}

/// Divides two floats.
pub(super) fn float_div(x: f64, y: f64) -> f64 {
    float_op(x, y, |x, y| x / y)
}

impl IntFold {
    pub fn step(self, x: i64, y: i64) -> i64 {
        match self {
            IntFold::And => x & y,
            IntFold::Or => x | y,
            IntFold::Xor => x ^ y,
        }
    }
}

impl IntPair {
    pub fn apply(self, x: i64, y: i64) -> Option<i64> {
        Some(match self {
            IntPair::Mod if y == 0 => return None,
            IntPair::Mod => x.wrapping_rem(y),
            // The count wraps at 64.
            IntPair::LeftShift => x.wrapping_shl(y as u32),
            IntPair::RightShift => (x as u64).wrapping_shr(y as u32) as i64,
            IntPair::ArithmeticRightShift => x.wrapping_shr(y as u32),
            IntPair::LeftScan => scan(x, y, u64::leading_zeros),
            IntPair::RightScan => scan(x, y, |bits| 63 - bits.trailing_zeros()),
        })
    }
}

/// Position, counted from the most significant bit, of the bit that `find` points out among those equal to
/// `wanted`; -1 if there is none.
fn scan(x: i64, wanted: i64, find: impl Fn(u64) -> u32) -> i64 {
    let bits = if wanted != 0 { x as u64 } else { !(x as u64) };
    if bits == 0 { -1 } else { find(bits).into() }
}

impl IntUnary {
    pub fn apply(self, x: i64) -> i64 {
        match self {
            IntUnary::Abs => x.wrapping_abs(),
            IntUnary::Not => !x,
            IntUnary::Count => x.count_ones().into(),
        }
    }
}

impl FloatUnary {
    pub fn apply(self, x: f64) -> f64 {
        match self {
            FloatUnary::Abs => x.abs(),
            FloatUnary::Floor => x.floor(),
            FloatUnary::Ceil => x.ceil(),
        }
    }
}

impl FloatPair {
    pub fn apply(self, x: f64, y: f64) -> f64 {
        match self {
            // 1 to any power and anything to the power of 0 are 1, NaN included: no NaN passes through there.
            FloatPair::Pow if x == 1.0 || y == 0.0 => 1.0,
            FloatPair::Pow => float_op(x, y, f64::powf),
            FloatPair::Log => float_op(x, y, |x, y| float_div(ln(x), ln(y))),
        }
    }
}

fn ln(x: f64) -> f64 {
    if x < 0.0 { NAN } else { x.ln() }
}

/// Applies an operation with the reference server's NaN bits.
fn float_op(x: f64, y: f64, op: impl Fn(f64, f64) -> f64) -> f64 {
    if let Some(nan) = [x, y].into_iter().find(|x| x.is_nan()) {
        return f64::from_bits(nan.to_bits() | QUIET);
    }
    let result = op(x, y);
    if result.is_nan() { NAN } else { result }
}

/// Truncates toward zero; what does not fit becomes the smallest integer.
pub(super) fn to_int(x: f64) -> i64 {
    // 2^63 is a double, i64::MAX is not.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x) { x as i64 } else { i64::MIN }
}
