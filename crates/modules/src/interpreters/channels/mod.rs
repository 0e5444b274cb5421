//! `_interpchannels`: channels between interpreters.
//!
//! `state` has the channels themselves, `id` the objects that stand for them. The same job as CPython's
//! `Modules/_interpchannelsmodule.c`.

mod id;
mod state;

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

use krait_eval::lifecycle::EndHooks;
use krait_eval::{gil, import, pending, registry};
use krait_objects::memoryview::MemoryView;
use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use super::arguments::{flag, form, int, parse, present};
use super::data::{self, Carried, Fallback};
use super::queues::{Defaults, opened};
use crate::support::new_exception;
use crate::thread::timeout;
use id::{ChannelId, id_of};
use state::{Outcome, Side, Trouble, Waiting};

const MODULE: &str = "_interpchannels";

/// The exception classes, the first being the base of the others, and the classes of ends.
#[derive(Default)]
struct Classes {
    errors: RefCell<Vec<Owned<Type>>>,
    info: OnceCell<Owned<Type>>,
    send: Slot<Type>,
    recv: Slot<Type>,
}

const ERRORS: [&str; 5] = [
    "ChannelError",
    "ChannelNotFoundError",
    "ChannelClosedError",
    "ChannelEmptyError",
    "ChannelNotEmptyError",
];

fn classes(th: &Thread) -> &Classes {
    th.interp().state::<Classes>()
}

impl Classes {
    fn error(&self, th: &Thread, which: usize) -> PyResult<Owned<Type>> {
        if self.errors.borrow().is_empty() {
            let base = Borrowed::from_ref(exc::RUNTIME_ERROR).object();
            let mut made = vec![new_exception(th, MODULE, ERRORS[0], &[base], None)?];
            for name in &ERRORS[1..] {
                made.push(new_exception(th, MODULE, name, &[made[0].object()], None)?);
            }
            self.errors.replace(made);
        }
        Ok(self.errors.borrow()[which].clone())
    }

    /// The class of an end, which `test.support.channels` registers.
    fn end(&self, th: &Thread, side: Side) -> PyResult<Owned<Type>> {
        let class = |known: &Classes| match side {
            Side::Send => known.send.get_owned(),
            Side::Recv => known.recv.get_owned(),
        };
        if class(self).is_none() {
            import::import(th, "test.support.channels")?;
        }
        let missing =
            || th.raise(exc::RUNTIME_ERROR, "the classes of channel ends are not registered");
        class(self).ok_or_else(missing)
    }
}

fn raise_trouble(th: &Thread, id: i64, trouble: Trouble) -> Raised {
    let (which, what) = match trouble {
        Trouble::NotFound => (1, "not found"),
        Trouble::Closed => (2, "is closed"),
        Trouble::InterpClosed => (2, "is already closed"),
        Trouble::ClosedWaiting => (2, "has closed"),
        Trouble::Empty => (3, "is empty"),
        Trouble::NotEmpty => (4, "may not be closed if not empty (try force=True)"),
    };
    let raise = |class: Owned<Type>| -> PyResult<Raised> {
        let message = Str::from_fmt(th, format_args!("channel {id} {what}"))?;
        Ok(th.raise_in(class.borrow(), Some(message.object())))
    };
    match classes(th).error(th, which).and_then(raise) {
        Ok(raised) | Err(raised) => raised,
    }
}

const fn field(name: &'static str, doc: &'static str) -> Field {
    Field { name, doc }
}

static INFO: [Field; 16] = [
    field("open", "both ends are open"),
    field("closing", "send is closed, recv is non-empty"),
    field("closed", "both ends are closed"),
    field("count", "queued objects"),
    field("num_interp_send", "interpreters that use the send end"),
    field("num_interp_send_released", "interpreters that have released the send end"),
    field("num_interp_recv", "interpreters that use the recv end"),
    field("num_interp_recv_released", "interpreters that have released the recv end"),
    field("num_interp_both", "interpreters that use both ends"),
    field("num_interp_both_released", "interpreters that have released both ends"),
    field("num_interp_both_send_released", "interpreters that used both ends and released one"),
    field(
        "num_interp_both_recv_released",
        "interpreters that used both ends and released the other",
    ),
    field("send_associated", "whether the current interpreter uses the send end"),
    field("send_released", "whether the current interpreter has released the send end"),
    field("recv_associated", "whether the current interpreter uses the recv end"),
    field("recv_released", "whether the current interpreter has released the recv end"),
];

/// An interpreter ends.
fn forget(th: &Thread) {
    let last = registry::all().len() <= 1;
    drop(state::forget(th.interp().id, last));
}

/// The only argument of most functions.
fn only_id(
    th: &Thread,
    args: Args<'_>,
    signature: &krait_objects::args::bind::Signature,
) -> PyResult<i64> {
    let [id] = parse(th, args, signature)?;
    Ok(id_of(th, present(th, id)?)?.0)
}

/// The end that two flags mean: neither and both are both.
fn side_of(send: bool, recv: bool) -> Option<Side> {
    match (send, recv) {
        (true, false) => Some(Side::Send),
        (false, true) => Some(Side::Recv),
        _ => None,
    }
}

/// How a sender waits.
enum Patience {
    No,
    Forever,
    Until(Instant),
}

fn patience(
    th: &Thread,
    blocking: Option<Borrowed<'_>>,
    time: Option<Borrowed<'_>>,
) -> PyResult<Patience> {
    let blocking = blocking.map_or(Ok(true), |blocking| object::is_true(th, blocking))?;
    let Some(time) = time.filter(|time| !time.is_none()) else {
        return Ok(if blocking { Patience::Forever } else { Patience::No });
    };
    if !blocking {
        let message = "can't specify a timeout for a non-blocking call";
        return Err(th.raise(exc::VALUE_ERROR, message));
    }
    let seconds = timeout::seconds(th, time)?;
    if seconds < 0.0 {
        let message = "timeout value must be a non-negative number";
        return Err(th.raise(exc::VALUE_ERROR, message));
    }
    let until = Instant::now().checked_add(Duration::from_secs_f64(seconds));
    Ok(until.map_or(Patience::Forever, Patience::Until))
}

/// Sends what `take` makes of the object, and waits until it has been received.
fn send(
    th: &Thread,
    id: i64,
    patience: Patience,
    unbound: i32,
    fallback: i32,
    take: impl FnOnce(Fallback) -> PyResult<Carried>,
) -> PyResult<()> {
    Defaults::USUAL.or(th, unbound, fallback)?;
    let trouble = |trouble| raise_trouble(th, id, trouble);
    let defaults = state::defaults(id).map_err(trouble)?.or(th, unbound, fallback)?;
    state::check_send(id).map_err(trouble)?;
    let data = take(defaults.fallback)?;
    let waiting = match patience {
        Patience::No => None,
        _ => Some(Arc::new(Waiting::default())),
    };
    let sent = state::send(id, th.interp().id, data, defaults.unbound, waiting.clone());
    if let Err((what, data)) = sent {
        drop(data);
        return Err(trouble(what));
    }
    let Some(waiting) = waiting else {
        return Ok(());
    };
    let until = match patience {
        Patience::Until(until) => Some(until),
        _ => None,
    };
    let waited = wait(th, &waiting, until);
    if waited.is_err() {
        drop(state::withdraw(id, &waiting));
    }
    match waited? {
        Outcome::Received => Ok(()),
        Outcome::Lost => Err(trouble(Trouble::ClosedWaiting)),
        Outcome::Pending => {
            drop(state::withdraw(id, &waiting));
            Err(th.raise(exc::TIMEOUT_ERROR, "timed out"))
        }
    }
}

/// Waits without the GIL; in slices, so that signals are seen.
fn wait(th: &Thread, waiting: &Waiting, until: Option<Instant>) -> PyResult<Outcome> {
    const SLICE: Duration = Duration::from_millis(50);
    loop {
        let slice = Instant::now() + SLICE;
        let end = until.map_or(slice, |until| until.min(slice));
        let outcome = gil::without_gil(th, || waiting.wait(end));
        if outcome != Outcome::Pending || until.is_some_and(|until| Instant::now() >= until) {
            return Ok(outcome);
        }
        if pending::is_set(th) {
            pending::handle(th)?;
        }
    }
}

/// This module provides primitive operations to manage Python interpreters.
/// The 'interpreters' module provides a more convenient interface.
#[pymodule(name = "_interpchannels")]
pub struct InterpreterChannels;

#[pyfunctions]
impl InterpreterChannels {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (which, name) in ERRORS.iter().enumerate() {
            module.add(th, name, classes(th).error(th, which)?.object())?;
        }
        let doc = "ChannelInfo\n\nA named tuple of a channel's state.";
        let info = StructSequence::new_type(th, "_interpchannels.ChannelInfo", doc, &INFO, 8)?;
        module.add(th, "ChannelInfo", info.object())?;
        let _ = classes(th).info.set(info);
        module.add_type(th, ChannelId::type_object())?;
        data::register(th, Borrowed::from_ref(ChannelId::type_object()), id::take_id);
        EndHooks::add(th, forget);
        Ok(())
    }

    /// channel_create(unboundop) -> cid
    ///
    /// Make a new channel and return what stands for it.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn create(th: &Thread, args: Args<'_>) -> PyResult<Owned<ChannelId>> {
        let signature = form!("create", [], ["unboundop", "fallback"], 2);
        let [unbound, fallback] = parse(th, args, signature)?;
        let (unbound, fallback) = (int(th, unbound, -1)?, int(th, fallback, -1)?);
        let id = state::create(Defaults::USUAL.or(th, unbound, fallback)?);
        ChannelId::make(th, id, None, false)
    }

    /// channel_destroy(cid)
    ///
    /// End the channel, as though it had never been.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn destroy(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let id = only_id(th, args, form!("channel_destroy", ["cid"], [], 1))?;
        state::destroy(id).map(drop).map_err(|trouble| raise_trouble(th, id, trouble))
    }

    /// channel_list_all() -> [cid]
    ///
    /// Return all channels that are not closed, with their defaults.
    #[function(sig = "()", no_text)]
    fn list_all(th: &Thread) -> PyResult {
        let mut entries = Vec::new();
        for (id, defaults) in state::list() {
            let (unbound, fallback) = defaults.numbers();
            let entry = [
                ChannelId::make(th, id, None, true)?.into_object(),
                Int::from_i64(th, unbound)?.into_object(),
                Int::from_i64(th, fallback)?.into_object(),
            ];
            entries.push(Tuple::pack(th, entry)?.into_object());
        }
        Ok(List::from_vec(th, entries)?.into_object())
    }

    /// channel_list_interpreters(cid, *, send) -> [id]
    ///
    /// Return the numbers of the interpreters that use an end of the channel:
    /// the send end if send is true, else the recv end.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn list_interpreters(th: &Thread, args: Args<'_>) -> PyResult {
        let signature = form!("channel_list_interpreters", ["cid", "send"], [], 1);
        let [id, send] = parse(th, args, signature)?;
        let (id, _) = id_of(th, present(th, id)?)?;
        let side = if flag(th, send)? { Side::Send } else { Side::Recv };
        let users = state::users(id, side).map_err(|trouble| raise_trouble(th, id, trouble))?;
        let users: PyResult<Vec<Owned>> =
            users.into_iter().map(|id| Int::from_i64(th, id).map(Owned::into_object)).collect();
        Ok(List::from_vec(th, users?)?.into_object())
    }

    /// channel_send(cid, obj, *, blocking=True, timeout=None)
    ///
    /// Put the object's data into the channel, and wait until it has been
    /// received unless blocking is false.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn send(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let names = form!(
            "channel_send",
            ["cid", "obj"],
            ["unboundop", "fallback", "blocking", "timeout"],
            4
        );
        let [id, ob, unbound, fallback, blocking, time] = parse(th, args, names)?;
        let (id, _) = id_of(th, present(th, id)?)?;
        let (unbound, fallback) = (int(th, unbound, -1)?, int(th, fallback, -1)?);
        let patience = patience(th, blocking, time)?;
        let ob = present(th, ob)?;
        send(th, id, patience, unbound, fallback, |fallback| Carried::take(th, ob, fallback))
    }

    /// channel_send_buffer(cid, obj, *, blocking=True, timeout=None)
    ///
    /// Put a view of the object's buffer into the channel; see channel_send().
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn send_buffer(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let names = form!(
            "channel_send_buffer",
            ["cid", "obj"],
            ["unboundop", "fallback", "blocking", "timeout"],
            4
        );
        let [id, ob, unbound, fallback, blocking, time] = parse(th, args, names)?;
        let (id, _) = id_of(th, present(th, id)?)?;
        let (unbound, fallback) = (int(th, unbound, -1)?, int(th, fallback, -1)?);
        let patience = patience(th, blocking, time)?;
        let view = MemoryView::new(th, present(th, ob)?)?;
        send(th, id, patience, unbound, fallback, |fallback| {
            Carried::take(th, view.object(), fallback)
        })
    }

    /// channel_recv(cid, [default]) -> (obj, unboundop)
    ///
    /// Return the next object of the channel. If there is none, return the
    /// default, or raise ChannelEmptyError without one.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn recv(th: &Thread, args: Args<'_>) -> PyResult<Owned<Tuple>> {
        let [id, default] = parse(th, args, form!("channel_recv", ["cid"], ["default"], 2))?;
        let (id, _) = id_of(th, present(th, id)?)?;
        match state::receive(id, th.interp().id) {
            Ok((data, unbound)) => opened(th, data.as_ref(), unbound),
            Err(trouble) => match default.filter(|_| trouble == Trouble::Empty) {
                Some(default) => Tuple::pack(th, [default.to_owned(), none().to_owned()]),
                None => Err(raise_trouble(th, id, trouble)),
            },
        }
    }

    /// channel_close(cid, *, send=None, recv=None, force=False)
    ///
    /// Close the channel for all interpreters.
    ///
    /// One that is not empty raises ChannelNotEmptyError, unless force is true.
    /// If only send is true, nothing can be sent to it any more, and it is
    /// closed once it is empty.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn close(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let signature = form!("channel_close", ["cid"], ["send", "recv", "force"], 1);
        let [id, send, recv, force] = parse(th, args, signature)?;
        let (id, _) = id_of(th, present(th, id)?)?;
        let side = side_of(flag(th, send)?, flag(th, recv)?);
        let closed = state::close(id, side, flag(th, force)?);
        closed.map(drop).map_err(|trouble| raise_trouble(th, id, trouble))
    }

    /// channel_release(cid, *, send=None, recv=None, force=True)
    ///
    /// Have the current interpreter use the channel, or one end of it, no
    /// more. The channel is closed when no interpreter uses it.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn release(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let signature = form!("channel_release", ["cid"], ["send", "recv", "force"], 1);
        let [id, send, recv, force] = parse(th, args, signature)?;
        let (id, _) = id_of(th, present(th, id)?)?;
        let side = side_of(flag(th, send)?, flag(th, recv)?);
        flag(th, force)?;
        let released = state::release(id, th.interp().id, side);
        released.map_err(|trouble| raise_trouble(th, id, trouble))
    }

    /// get_count(cid)
    ///
    /// Return how many items the channel has.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn get_count(th: &Thread, args: Args<'_>) -> PyResult<usize> {
        let id = only_id(th, args, form!("get_count", ["cid"], [], 1))?;
        state::count(id).map_err(|trouble| raise_trouble(th, id, trouble))
    }

    /// get_info(cid)
    ///
    /// Return details about the channel.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn get_info(th: &Thread, args: Args<'_>) -> PyResult {
        let id = only_id(th, args, form!("_get_info", ["cid"], [], 1))?;
        let info = state::info(id, th.interp().id);
        let info = info.map_err(|trouble| raise_trouble(th, id, trouble))?;
        let flag = |value: bool| bool_object(value).object().to_owned();
        let mut values = vec![flag(info.open), flag(info.closing), flag(info.closed)];
        for count in [
            info.count,
            info.send,
            info.send_released,
            info.recv,
            info.recv_released,
            info.both,
            info.both_released,
            info.both_send_released,
            info.both_recv_released,
        ] {
            values.push(Int::from_usize(th, count)?.into_object());
        }
        for own in [info.own_send, info.own_recv] {
            values.extend([flag(own == Some(true)), flag(own == Some(false))]);
        }
        let class = classes(th).info.get().ok_or_else(|| th.bad_internal_call())?;
        Ok(StructSequence::new(th, class.borrow(), values)?.into_object())
    }

    /// get_channel_defaults(cid)
    ///
    /// Return what the channel was made with.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn get_channel_defaults(th: &Thread, args: Args<'_>) -> PyResult<(i64, i64)> {
        let id = only_id(th, args, form!("get_channel_defaults", ["cid"], [], 1))?;
        let defaults = state::defaults(id).map(Defaults::numbers);
        defaults.map_err(|trouble| raise_trouble(th, id, trouble))
    }

    #[function(sig = "(*args, **kwargs)", no_text)]
    fn _channel_id(th: &Thread, args: Args<'_>) -> PyResult<Owned<ChannelId>> {
        let signature =
            form!("ChannelID.__new__", ["id"], ["send", "recv", "force", "_resolve"], 1);
        let [id, send, recv, force, resolve] = parse(th, args, signature)?;
        let (id, own) = id_of(th, present(th, id)?)?;
        let given = |argument| match argument {
            Some(value) => object::is_true(th, value).map(Some),
            None => Ok(None),
        };
        let side = match (given(send)?, given(recv)?) {
            (None, None) => own,
            (Some(false), Some(false)) => {
                let message = "'send' and 'recv' cannot both be False";
                return Err(th.raise(exc::VALUE_ERROR, message));
            }
            (send, recv) => side_of(send.unwrap_or(false), recv.unwrap_or(false)),
        };
        let force = flag(th, force)?;
        flag(th, resolve)?;
        ChannelId::make(th, id, side, force)
    }

    #[function(sig = "(*args, **kwargs)", no_text)]
    fn _register_end_types(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let [send, recv] = parse(th, args, form!("_register_end_types", ["send", "recv"], [], 2))?;
        let class_of = |argument, name: &str| {
            let class = present(th, argument)?.downcast::<Type>();
            class.ok_or_else(|| raise!(th, TYPE_ERROR, "expected a type for '{name}'"))
        };
        let (send, recv) = (class_of(send, "send")?, class_of(recv, "recv")?);
        let known = classes(th);
        for (slot, class) in [(&known.send, send), (&known.recv, recv)] {
            if let Some(old) = slot.get_owned() {
                data::unregister(th, old.borrow());
            }
            data::register(th, class, id::take_end);
            slot.set(Some(class.to_owned()));
        }
        Ok(())
    }
}
