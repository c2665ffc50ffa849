//! Card transactions against the simulator and the key service.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod pins;
#[cfg(test)]
mod tears;
