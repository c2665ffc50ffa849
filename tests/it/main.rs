//! The one integration binary of the root package.

mod bindings;
