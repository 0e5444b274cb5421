//! `cell`: a variable shared between a function and those it encloses.
//!
//! CPython's `Objects/cellobject.c`.

use krait_abi as abi;

use crate::prelude::*;

/// Make a cell: the place of a variable that several functions share.
///
///   contents
///     the variable's value. Without it the cell is empty: ValueError says so when
///     cell_contents is read.
#[pytype(name = "cell", symbol = "PyCell_Type", flags(HAVE_GC), new = "([contents])")]
#[repr(C)]
pub struct Cell {
    head: Head,
    #[visit]
    content: Slot,
}

assert_layout!(Cell => abi::PyCellObject);

impl Cell {
    pub fn new(th: &Thread, content: Option<Owned>) -> PyResult<Owned<Cell>> {
        let cell = Cell::type_object().alloc::<Cell>(th, 0)?;
        cell.content.set(content);
        Ok(cell)
    }

    /// What the cell holds; `None` if it is empty.
    pub fn get_owned(&self) -> Option<Owned> {
        self.content.get_owned()
    }

    pub fn set(&self, content: Option<Owned>) {
        self.content.set(content);
    }

    /// Empties the cell.
    pub fn take(&self) -> Option<Owned> {
        self.content.take()
    }
}

#[pymethods]
impl Cell {
    #[slot(tp_new)]
    fn make(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "cell() takes no keyword arguments"));
        }
        let content = match args.get().as_slice() {
            [] => None,
            [content] => Some((*content).to_owned()),
            more => {
                let count = more.len();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "cell expected at most 1 argument, got {count}"
                ));
            }
        };
        Ok(Cell::new(th, content)?.into_object())
    }

    #[getter]
    fn cell_contents(&self, th: &Thread) -> PyResult {
        match self.content.get_owned() {
            Some(content) => Ok(content),
            None => Err(th.raise(exc::VALUE_ERROR, "cell is empty")),
        }
    }

    #[setter]
    fn set_cell_contents(&self, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.content.set(value.map(Borrowed::to_owned));
        Ok(())
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let address = this.as_ptr();
        match this.content.get_owned() {
            None => Str::from_fmt(th, format_args!("<cell at {address:p}: empty>")),
            Some(content) => Str::from_fmt(
                th,
                format_args!(
                    "<cell at {address:p}: {} object at {:p}>",
                    content.type_name(),
                    content.as_ptr()
                ),
            ),
        }
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_exact::<Cell>() else {
            return Ok(not_implemented().to_owned());
        };
        let (ours, theirs) = (self.content.get_owned(), other.content.get_owned());
        if let (Some(ours), Some(theirs)) = (&ours, &theirs) {
            return object::compare(th, ours.borrow(), theirs.borrow(), op);
        }
        // An empty cell comes before any other.
        let ordering = ours.is_some().cmp(&theirs.is_some());
        Ok(bool_object(op.holds(ordering)).object().to_owned())
    }
}

/// Fills the `__classcell__` or `__classdictcell__` (`name`) that a class body left in its namespace.
pub fn fill(
    th: &Thread,
    cell: Borrowed<'_>,
    value: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<()> {
    let Some(cell) = cell.downcast::<Cell>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{} must be a nonlocal cell, not {}",
            name.get(),
            object::repr(th, cell.ty().object())?.borrow().get()
        ));
    };
    cell.set(Some(value.to_owned()));
    Ok(())
}
