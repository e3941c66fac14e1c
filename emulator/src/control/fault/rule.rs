//! One rule: which commands, how often, what is done to them.

use super::Verdict;
use crate::control::kind::Kind;
use crate::control::{Arguments, Pattern, Random, Refusal, Subject, parse_duration};
use aerospike_wire::ResultCode;
use serde_json::{Map, Value};
use std::time::{Duration, Instant};

/// What becomes of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReplyFault {
    /// It is sent.
    #[default]
    Whole,
    /// It is not sent; the connection stays open.
    Drop,
    /// It is not sent, and the connection is closed.
    Close,
    /// So many bytes of it are sent, then the connection is closed.
    Truncate(usize),
    /// So many bytes of it are sent, and the rest after a pause.
    Stall(usize, Duration),
}

/// What a rule does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// The command waits before it runs; other connections go on.
    Delay(Duration),
    /// The command is not run, and answered with a result code.
    Code(ResultCode),
    /// The connection is closed, the command not run.
    CloseBefore,
    /// The command is run; this becomes of its reply.
    Reply(ReplyFault),
    /// Connections are refused.
    Refuse,
}

/// Names of actions that are result codes.
const CODES: [(&str, ResultCode); 5] = [
    ("unavailable", ResultCode::UNAVAILABLE),
    ("device-overload", ResultCode::DEVICE_OVERLOAD),
    ("key-busy", ResultCode::KEY_BUSY),
    ("out-of-space", ResultCode::OUT_OF_SPACE),
    ("timeout", ResultCode::TIMEOUT),
];

impl Action {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Action, Refusal> {
        let span = || match arguments.text("delay")? {
            Some(text) => parse_duration(text),
            None => Err(Refusal::new("'delay=…' is missing: how long")),
        };
        let bytes = || arguments.parse::<usize>("bytes", "a number of bytes").map(|n| n.unwrap_or(0));
        let name = arguments.required("action")?;
        if let Some((_, code)) = CODES.iter().find(|(known, _)| *known == name) {
            return Ok(Action::Code(*code));
        }
        Ok(match name {
            "delay" => Action::Delay(span()?),
            "code" => match arguments.parse::<u8>("code", "a result code, 1 to 255")? {
                Some(code @ 1..) => Action::Code(ResultCode(code)),
                _ => return Err(Refusal::new("'code=…' is missing: a result code, 1 to 255")),
            },
            "drop-reply" => Action::Reply(ReplyFault::Drop),
            "close-before" => Action::CloseBefore,
            "close-after" => Action::Reply(ReplyFault::Close),
            "truncate" => Action::Reply(ReplyFault::Truncate(bytes()?)),
            "stall" => Action::Reply(ReplyFault::Stall(bytes()?, span()?)),
            "refuse" => Action::Refuse,
            name => {
                return Err(Refusal::new(format!(
                    "there is no action '{name}'; there are delay, code, unavailable, device-overload, key-busy, \
                     out-of-space, timeout, drop-reply, close-before, close-after, truncate, stall, refuse"
                )));
            }
        })
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Action::Delay(_) => "delay",
            Action::Code(code) => {
                CODES.iter().find(|(_, known)| *known == code).map_or("code", |(name, _)| name)
            }
            Action::CloseBefore => "close-before",
            Action::Reply(ReplyFault::Whole) => "none",
            Action::Reply(ReplyFault::Drop) => "drop-reply",
            Action::Reply(ReplyFault::Close) => "close-after",
            Action::Reply(ReplyFault::Truncate(_)) => "truncate",
            Action::Reply(ReplyFault::Stall(..)) => "stall",
            Action::Refuse => "refuse",
        }
    }

    pub(super) fn apply(self, row: Option<u32>, verdict: &mut Verdict) {
        if !verdict.actions.contains(&self.name()) {
            verdict.actions.push(self.name());
        }
        match (self, row) {
            (Action::Delay(by), _) => verdict.delay += by,
            (Action::Code(code), Some(row)) => verdict.rows.push((row, code)),
            (Action::Code(code), None) => verdict.code = verdict.code.or(Some(code)),
            (Action::CloseBefore, _) => verdict.closes_before = true,
            (Action::Reply(fault), _) if verdict.reply == ReplyFault::Whole => verdict.reply = fault,
            (Action::Reply(_), _) => {}
            (Action::Refuse, _) => verdict.refuses = true,
        }
    }

    fn describe(self, object: &mut Map<String, Value>) {
        object.insert("action".into(), self.name().into());
        let mut number = |name: &str, value: u64| object.insert(name.into(), value.into());
        match self {
            Action::Delay(by) => number("delay_ms", by.as_millis() as u64),
            Action::Code(code) => number("code", code.0 as u64),
            Action::Reply(ReplyFault::Truncate(bytes)) => number("bytes", bytes as u64),
            Action::Reply(ReplyFault::Stall(bytes, by)) => {
                number("bytes", bytes as u64);
                number("delay_ms", by.as_millis() as u64)
            }
            Action::CloseBefore | Action::Reply(_) | Action::Refuse => None,
        };
    }
}

/// A rule as it is added.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Which commands.
    pub pattern: Pattern,
    /// What is done to them.
    pub action: Action,
    /// How many of them are let pass first.
    pub skip: u64,
    /// To how many it is done at most; `None` = all.
    pub times: Option<u64>,
    /// To which share of them it is done, 0 to 1.
    pub probability: f64,
    /// Where this rule's chance begins; `None` = it is the server's.
    pub seed: Option<u64>,
    /// How long the rule holds, in real time.
    pub expires: Option<Duration>,
}

impl Fault {
    /// A rule for all commands of a pattern.
    pub fn new(pattern: Pattern, action: Action) -> Fault {
        Fault { pattern, action, skip: 0, times: None, probability: 1.0, seed: None, expires: None }
    }

    /// The same rule, applied so many times at most.
    pub fn times(self, times: u64) -> Fault {
        Fault { times: Some(times), ..self }
    }

    /// Reads a pattern, `action` with what it takes, `skip`, `times`, `nth`, `probability`, `seed` and `expires`.
    ///
    /// # Errors
    /// [`Refusal`] that names what is wrong.
    pub fn from_arguments(arguments: &Arguments<'_>) -> Result<Fault, Refusal> {
        let mut pattern = Pattern::from_arguments(arguments)?;
        let action = Action::from_arguments(arguments)?;
        let number = |key| arguments.parse::<u64>(key, "a number");
        let (mut skip, mut times) = (number("skip")?.unwrap_or(0), number("times")?);
        if let Some(nth) = number("nth")? {
            if nth == 0 || skip != 0 || times.is_some() {
                return Err(Refusal::new("'nth' counts from 1, and stands without 'skip' and 'times'"));
            }
            (skip, times) = (nth - 1, Some(1));
        }
        let probability = arguments.parse::<f64>("probability", "a share from 0 to 1")?.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&probability) {
            return Err(Refusal::new("'probability' takes a share from 0 to 1"));
        }
        let seed = number("seed")?;
        let expires = arguments.text("expires")?.map(parse_duration).transpose()?;
        match action {
            Action::Refuse => pattern.kinds = crate::control::Kinds::one(Kind::Connect),
            _ if pattern.kinds.names(Kind::Connect) => {
                return Err(Refusal::new("connections can only be refused"));
            }
            Action::Code(_) if pattern.kinds.names(Kind::Info) || pattern.kinds.names(Kind::Admin) => {
                return Err(Refusal::new("info and admin requests cannot be given a result code"));
            }
            _ => {}
        }
        Ok(Fault { pattern, action, skip, times, probability, seed, expires })
    }
}

/// A rule and what it has counted.
#[derive(Debug)]
pub struct Rule {
    pub id: u64,
    pub fault: Fault,
    /// Commands that it matched.
    pub seen: u64,
    /// Commands that it was applied to.
    pub hits: u64,
    random: Option<Random>,
    until: Option<Instant>,
}

impl Rule {
    pub fn new(id: u64, fault: Fault) -> Rule {
        let random = fault.seed.map(|seed| Random::new(Some(seed)));
        let until = fault.expires.and_then(|span| Instant::now().checked_add(span));
        Rule { id, fault, seen: 0, hits: 0, random, until }
    }

    /// Whether the rule is to be applied to a command; counts it.
    pub fn strikes(&mut self, subject: &Subject<'_>, random: &Random) -> bool {
        let fault = &self.fault;
        if self.is_over() || !fault.pattern.matches(subject) {
            return false;
        }
        self.seen += 1;
        if self.seen <= fault.skip || fault.times.is_some_and(|times| self.hits >= times) {
            return false;
        }
        let chance = || self.random.as_ref().unwrap_or(random).fraction();
        if fault.probability < 1.0 && chance() >= fault.probability {
            return false;
        }
        self.hits += 1;
        true
    }

    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    pub fn describe(&self) -> Value {
        let mut object = Map::new();
        object.insert("id".into(), self.id.into());
        self.fault.pattern.describe(&mut object);
        self.fault.action.describe(&mut object);
        let mut number = |name: &str, value: Option<u64>| {
            if let Some(value) = value {
                object.insert(name.into(), value.into());
            }
        };
        number("skip", Some(self.fault.skip).filter(|skip| *skip > 0));
        number("times", self.fault.times);
        number("seed", self.fault.seed);
        number("seen", Some(self.seen));
        number("hits", Some(self.hits));
        if self.fault.probability < 1.0 {
            object.insert("probability".into(), self.fault.probability.into());
        }
        if self.until.is_some() {
            object.insert("expired".into(), self.is_over().into());
        }
        Value::Object(object)
    }
}
