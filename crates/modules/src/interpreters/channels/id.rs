//! `ChannelID`: what stands for a channel, or for one end of it.

use std::cell::Cell;

use krait_objects::prelude::*;
use krait_objects::typeobj;

use super::super::arguments::number_of;
use super::super::data::Parcel;
use super::state::{self, Side};
use super::{classes, raise_trouble};

/// A channel ID identifies a channel and may be used as an int.
#[pytype(name = "_interpchannels.ChannelID", flags(BASETYPE, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct ChannelId {
    head: Head,
    id: Cell<i64>,
    /// 1 and -1 for the ends, 0 for both.
    end: Cell<i8>,
    /// Whether the channel counts this object.
    counted: Cell<bool>,
}

fn end_of(side: Option<Side>) -> i8 {
    match side {
        Some(Side::Send) => 1,
        Some(Side::Recv) => -1,
        None => 0,
    }
}

fn side_of(end: i8) -> Option<Side> {
    match end {
        1 => Some(Side::Send),
        -1 => Some(Side::Recv),
        _ => None,
    }
}

impl ChannelId {
    /// ChannelNotFoundError if there is no such channel, unless `force`.
    pub fn make(
        th: &Thread,
        id: i64,
        side: Option<Side>,
        force: bool,
    ) -> PyResult<Owned<ChannelId>> {
        let class = Borrowed::from_ref(ChannelId::type_object());
        class.ready(th)?;
        let counted = match state::add_object(id) {
            Ok(()) => true,
            Err(_) if force => false,
            Err(trouble) => return Err(raise_trouble(th, id, trouble)),
        };
        let made = match typeobj::alloc::alloc_untracked(th, class, 0) {
            Ok(made) => made,
            Err(raised) => {
                drop(state::drop_object(id).filter(|_| counted));
                return Err(raised);
            }
        };
        // SAFETY: a fresh instance.
        let made: Owned<ChannelId> = unsafe { made.cast() };
        made.id.set(id);
        made.end.set(end_of(side));
        made.counted.set(counted);
        Ok(made)
    }

    pub fn id(&self) -> i64 {
        self.id.get()
    }

    pub fn side(&self) -> Option<Side> {
        side_of(self.end.get())
    }
}

impl Drop for ChannelId {
    fn drop(&mut self) {
        if self.counted.get() {
            drop(state::drop_object(self.id.get()));
        }
    }
}

#[pymethods]
impl ChannelId {
    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let (id, end) = (
            self.id(),
            match self.end.get() {
                1 => ", send=True",
                -1 => ", recv=True",
                _ => "",
            },
        );
        Str::from_fmt(th, format_args!("ChannelID({id}{end})"))
    }

    #[slot(tp_str)]
    fn str(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::from_string(th, self.id().to_string())
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        object::hash(th, Int::from_i64(th, self.id())?.object())
    }

    #[slot(nb_int, nb_index)]
    fn index(&self, th: &Thread) -> PyResult<Owned<Int>> {
        Int::from_i64(th, self.id())
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let wanted = match op {
            CompareOp::Eq => true,
            CompareOp::Ne => false,
            _ => return Ok(not_implemented().to_owned()),
        };
        let equal = if let Some(other) = other.downcast::<ChannelId>() {
            self.end.get() == other.end.get() && self.id() == other.id()
        } else if let Some(other) = other.downcast::<Int>() {
            other.to_i64() == Some(self.id())
        } else if number::check(other) {
            let own = Int::from_i64(th, self.id())?;
            return object::compare(th, own.object(), other, op);
        } else {
            return Ok(not_implemented().to_owned());
        };
        Ok(bool_object(equal == wanted).object().to_owned())
    }

    /// 'send', 'recv', or 'both'
    #[getter]
    fn end(&self) -> &'static str {
        match self.end.get() {
            1 => "send",
            -1 => "recv",
            _ => "both",
        }
    }

    /// the 'send' end of the channel
    #[getter]
    fn send(&self, th: &Thread) -> PyResult<Owned<ChannelId>> {
        ChannelId::make(th, self.id(), Some(Side::Send), true)
    }

    /// the 'recv' end of the channel
    #[getter]
    fn recv(&self, th: &Thread) -> PyResult<Owned<ChannelId>> {
        ChannelId::make(th, self.id(), Some(Side::Recv), true)
    }
}

/// A channel's number, from an object that stands for it or an int.
pub fn id_of(th: &Thread, ob: Borrowed<'_>) -> PyResult<(i64, Option<Side>)> {
    match ob.downcast::<ChannelId>() {
        Some(id) => Ok((id.id(), id.side())),
        None => Ok((number_of(th, ob, "channel")?, None)),
    }
}

/// A channel, or an end of it, on its way.
pub struct IdParcel {
    id: i64,
    side: Option<Side>,
    /// As an object of the class that is registered for the end.
    as_end: bool,
}

impl Parcel for IdParcel {
    fn open(&self, th: &Thread) -> PyResult {
        let id = ChannelId::make(th, self.id, self.side, true)?;
        match self.side.filter(|_| self.as_end) {
            Some(side) => {
                let class = classes(th).end(th, side)?;
                call::call(th, class.object(), &[id.object()])
            }
            None => Ok(id.into_object()),
        }
    }
}

pub fn take_id(th: &Thread, ob: Borrowed<'_>) -> PyResult<Box<dyn Parcel>> {
    let (id, side) = id_of(th, ob)?;
    Ok(Box::new(IdParcel { id, side, as_end: false }))
}

/// An object of a class that is registered for an end: its `_id` is what counts.
pub fn take_end(th: &Thread, ob: Borrowed<'_>) -> PyResult<Box<dyn Parcel>> {
    let id = object::get_attr(th, ob, Str::interned(th, "_id")?.borrow())?;
    let (id, side) = id_of(th, id.borrow())?;
    Ok(Box::new(IdParcel { id, side, as_end: true }))
}
