//! The channels of the process: first in, first out, with a record of which interpreters send and receive.
//!
//! They belong to no interpreter, and nothing here needs one's lock. Data that a function gives up is handed out, to be
//! dropped when nothing is locked.
//!
//! The same job as the first half of CPython's `Modules/_interpchannelsmodule.c`.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use super::super::data::Carried;
use super::super::queues::{Defaults, Unbound};

/// One who sends and waits until the item has been taken.
#[derive(Default)]
pub struct Waiting {
    state: Mutex<Outcome>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Outcome {
    #[default]
    Pending,
    Received,
    /// The item is gone without having been received.
    Lost,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Outcome> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn end(&self, outcome: Outcome) {
        *self.lock() = outcome;
        self.changed.notify_all();
    }

    /// Waits until `until` at most; the outcome so far.
    pub fn wait(&self, until: Instant) -> Outcome {
        let mut state = self.lock();
        while *state == Outcome::Pending {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
        *state
    }
}

struct Item {
    /// The sender; its data goes when it ends.
    interp: i64,
    data: Option<Carried>,
    unbound: Unbound,
    waiting: Option<Arc<Waiting>>,
}

impl Drop for Item {
    fn drop(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.end(Outcome::Lost);
        }
    }
}

/// What one interpreter has to do with one end.
struct End {
    interp: i64,
    open: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Send,
    Recv,
}

/// A channel that is open, or closing.
struct Channel {
    items: VecDeque<Item>,
    ends: [Vec<End>; 2],
    defaults: Defaults,
    /// Cleared when nobody uses it any more; what was sent stays.
    open: bool,
    /// Nothing can be sent any more; it is closed once it is empty.
    closing: bool,
}

struct Entry {
    id: i64,
    /// `None` once it is closed.
    channel: Option<Channel>,
    /// How many objects stand for the channel: with the last it goes.
    objects: usize,
}

struct Channels {
    all: Vec<Entry>,
    next: i64,
}

static CHANNELS: Mutex<Channels> = Mutex::new(Channels { all: Vec::new(), next: 0 });

fn channels() -> MutexGuard<'static, Channels> {
    CHANNELS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    NotFound,
    Closed,
    /// Closed for this interpreter.
    InterpClosed,
    Empty,
    NotEmpty,
    /// Closed while the sender waited.
    ClosedWaiting,
}

/// What is given up: items, channels.
pub struct Leftover(#[allow(dead_code, reason = "dropped by whoever gets it")] Vec<Item>);

impl Channels {
    fn entry(&mut self, id: i64) -> Result<&mut Entry, Trouble> {
        self.all.iter_mut().find(|entry| entry.id == id).ok_or(Trouble::NotFound)
    }

    fn open(&mut self, id: i64) -> Result<&mut Channel, Trouble> {
        self.entry(id)?.open()
    }
}

impl Entry {
    fn open(&mut self) -> Result<&mut Channel, Trouble> {
        self.channel.as_mut().filter(|channel| channel.open).ok_or(Trouble::Closed)
    }

    fn close(&mut self) -> Leftover {
        let items = self.channel.take().map(|channel| channel.items);
        Leftover(items.unwrap_or_default().into())
    }
}

impl Channel {
    fn end(&mut self, side: Side) -> &mut Vec<End> {
        &mut self.ends[side as usize]
    }

    /// The interpreter uses an end.
    fn associate(&mut self, interp: i64, side: Side) -> Result<(), Trouble> {
        let ends = self.end(side);
        match ends.iter().find(|end| end.interp == interp) {
            Some(end) if !end.open => Err(Trouble::InterpClosed),
            Some(_) => Ok(()),
            None => {
                ends.push(End { interp, open: true });
                Ok(())
            }
        }
    }

    /// The interpreter will not use an end any more.
    fn release(&mut self, interp: i64, side: Side) {
        let ends = self.end(side);
        match ends.iter_mut().find(|end| end.interp == interp) {
            Some(end) => end.open = false,
            None => ends.push(End { interp, open: false }),
        }
    }

    /// Whether anyone uses it, or nobody ever did.
    fn is_used(&self) -> bool {
        let mut ends = self.ends.iter().flatten();
        self.ends.iter().all(Vec::is_empty) || ends.any(|end| end.open)
    }
}

pub fn create(defaults: Defaults) -> i64 {
    let mut channels = channels();
    let id = channels.next;
    channels.next += 1;
    let ends = [Vec::new(), Vec::new()];
    let channel = Channel { items: VecDeque::new(), ends, defaults, open: true, closing: false };
    channels.all.push(Entry { id, channel: Some(channel), objects: 0 });
    id
}

/// Destroys a channel.
pub fn destroy(id: i64) -> Result<Leftover, Trouble> {
    let mut channels = channels();
    let at = channels.all.iter().position(|entry| entry.id == id).ok_or(Trouble::NotFound)?;
    Ok(channels.all.remove(at).close())
}

/// The channels that were not closed, the newest first.
pub fn list() -> Vec<(i64, Defaults)> {
    let channels = channels();
    let open = channels.all.iter().rev();
    open.filter_map(|entry| Some((entry.id, entry.channel.as_ref()?.defaults))).collect()
}

pub fn defaults(id: i64) -> Result<Defaults, Trouble> {
    channels().open(id).map(|channel| channel.defaults)
}

pub fn count(id: i64) -> Result<usize, Trouble> {
    channels().open(id).map(|channel| channel.items.len())
}

/// Whether something can be sent: what `send` asks before it looks at the object.
pub fn check_send(id: i64) -> Result<(), Trouble> {
    match channels().open(id)?.closing {
        true => Err(Trouble::Closed),
        false => Ok(()),
    }
}

pub fn send(
    id: i64,
    interp: i64,
    data: Carried,
    unbound: Unbound,
    waiting: Option<Arc<Waiting>>,
) -> Result<(), (Trouble, Carried)> {
    let mut channels = channels();
    let checked = channels.open(id).and_then(|channel| {
        if channel.closing {
            return Err(Trouble::Closed);
        }
        channel.associate(interp, Side::Send)?;
        Ok(channel)
    });
    match checked {
        Ok(channel) => {
            channel.items.push_back(Item { interp, data: Some(data), unbound, waiting });
            Ok(())
        }
        Err(trouble) => Err((trouble, data)),
    }
}

/// Takes back what `waiting` waits for.
pub fn withdraw(id: i64, waiting: &Arc<Waiting>) -> Option<Leftover> {
    let mut channels = channels();
    let items = &mut channels.open(id).ok()?.items;
    let mine = |item: &Item| item.waiting.as_ref().is_some_and(|other| Arc::ptr_eq(other, waiting));
    let at = items.iter().position(mine)?;
    items.remove(at).map(|item| Leftover(vec![item]))
}

/// The next item: its data, if its interpreter still lives, and what stands for it otherwise.
pub fn receive(id: i64, interp: i64) -> Result<(Option<Carried>, Unbound), Trouble> {
    let mut channels = channels();
    let entry = channels.entry(id)?;
    let channel = entry.open()?;
    channel.associate(interp, Side::Recv)?;
    let item = channel.items.pop_front();
    let leftover =
        if channel.closing && channel.items.is_empty() { Some(entry.close()) } else { None };
    drop(channels);
    drop(leftover);
    let mut item = item.ok_or(Trouble::Empty)?;
    if let Some(waiting) = item.waiting.take() {
        waiting.end(Outcome::Received);
    }
    Ok((item.data.take(), item.unbound))
}

/// Closes a channel for all. `side`: only this end, until what is in it has been received.
pub fn close(id: i64, side: Option<Side>, force: bool) -> Result<Leftover, Trouble> {
    let mut channels = channels();
    let entry = channels.entry(id)?;
    let channel = entry.open()?;
    if !force && !channel.items.is_empty() {
        if side != Some(Side::Send) {
            return Err(Trouble::NotEmpty);
        }
        if channel.closing {
            return Err(Trouble::Closed);
        }
        channel.closing = true;
        return Ok(Leftover(Vec::new()));
    }
    Ok(entry.close())
}

/// The interpreter uses an end, or both, no more. The channel closes with its last user.
pub fn release(id: i64, interp: i64, side: Option<Side>) -> Result<(), Trouble> {
    let mut channels = channels();
    let channel = channels.open(id)?;
    for each in [Side::Send, Side::Recv] {
        if side.is_none_or(|side| side == each) {
            channel.release(interp, each);
        }
    }
    channel.open = channel.is_used();
    Ok(())
}

/// The interpreters that use an end.
pub fn users(id: i64, side: Side) -> Result<Vec<i64>, Trouble> {
    let mut channels = channels();
    let channel = channels.open(id)?;
    if channel.closing && side == Side::Send {
        return Err(Trouble::Closed);
    }
    let ends = channel.end(side);
    Ok(ends.iter().rev().filter(|end| end.open).map(|end| end.interp).collect())
}

/// A new object stands for a channel, whether or not there is one.
pub fn add_object(id: i64) -> Result<(), Trouble> {
    channels().entry(id).map(|entry| entry.objects += 1)
}

/// An object that stood for a channel is gone.
pub fn drop_object(id: i64) -> Option<Leftover> {
    let mut channels = channels();
    let entry = channels.entry(id).ok()?;
    entry.objects = entry.objects.saturating_sub(1);
    let unused = entry.objects == 0;
    drop(channels);
    if unused { destroy(id).ok() } else { None }
}

/// An interpreter ends: its items, its ends. `last`: no other is left.
pub fn forget(interp: i64, last: bool) -> (Vec<Carried>, Vec<Leftover>) {
    let (mut data, mut leftover) = (Vec::new(), Vec::new());
    let mut channels = channels();
    for entry in &mut channels.all {
        let Some(channel) = &mut entry.channel else {
            continue;
        };
        let mut kept = VecDeque::new();
        for mut item in channel.items.drain(..) {
            if item.interp == interp {
                data.extend(item.data.take());
                if item.unbound == Unbound::Remove {
                    leftover.push(Leftover(vec![item]));
                    continue;
                }
            }
            kept.push_back(item);
        }
        channel.items = kept;
        for end in channel.ends.iter_mut().flatten().filter(|end| end.interp == interp) {
            end.open = false;
        }
        channel.open = channel.is_used();
        if last {
            leftover.push(entry.close());
        }
    }
    if last {
        channels.all.clear();
        channels.next = 0;
    }
    (data, leftover)
}

/// What `get_info` tells, in the order of its fields.
#[derive(Default)]
pub struct Info {
    pub open: bool,
    pub closing: bool,
    pub closed: bool,
    pub count: usize,
    pub send: usize,
    pub send_released: usize,
    pub recv: usize,
    pub recv_released: usize,
    pub both: usize,
    pub both_released: usize,
    pub both_send_released: usize,
    pub both_recv_released: usize,
    pub own_send: Option<bool>,
    pub own_recv: Option<bool>,
}

pub fn info(id: i64, interp: i64) -> Result<Info, Trouble> {
    let mut channels = channels();
    let mut info = Info::default();
    let Some(channel) = channels.entry(id)?.channel.as_ref().filter(|channel| channel.open) else {
        info.closed = true;
        return Ok(info);
    };
    info.open = !channel.closing;
    info.closing = channel.closing;
    info.count = channel.items.len();
    let [send, recv] = &channel.ends;
    let of =
        |ends: &[End], interp| ends.iter().find(|end| end.interp == interp).map(|end| end.open);
    info.own_send = of(send, interp);
    info.own_recv = of(recv, interp);
    for end in send {
        match (end.open, of(recv, end.interp)) {
            (true, None) => info.send += 1,
            (false, None) => info.send_released += 1,
            (true, Some(true)) => info.both += 1,
            (false, Some(false)) => info.both_released += 1,
            // Named the other way round, as in the reference.
            (false, Some(true)) => info.both_recv_released += 1,
            (true, Some(false)) => info.both_send_released += 1,
        }
    }
    for end in recv.iter().filter(|end| of(send, end.interp).is_none()) {
        match end.open {
            true => info.recv += 1,
            false => info.recv_released += 1,
        }
    }
    Ok(info)
}
