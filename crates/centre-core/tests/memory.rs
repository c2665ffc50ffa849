//! The contract suite on the store in memory.

#[cfg(test)]
mod contract;

use centre_core::Memory;

contract_suite!(async { Some(Box::new(Memory::default()) as Box<dyn centre_core::store::CentreStore>) });
