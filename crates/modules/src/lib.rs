//! Native standard-library modules, a folder or file each.
