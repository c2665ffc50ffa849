//! The one integration test binary of the workspace.
#![expect(clippy::expect_used, reason = "a check that cannot read the tree stops and says where")]

mod bindings;
mod codes;
mod handbook;
mod tidy;
mod vectors;
