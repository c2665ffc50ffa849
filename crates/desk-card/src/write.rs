//! From a [`WriteIntent`] to the transaction that does it, or that decides a torn one.

use desk_domain::{
    card::{WriteEnd, WriteIntent},
    code::Message,
};

use crate::{
    block::SetBlock, holder_class::WriteHolderClass, holder_update::UpdateHolder, load::Load, personalise::Personalise, profile::Profiles,
    purchase::PurchaseOfRest, resolve::Resolve, revalidate::Revalidate, transaction::Transaction, unload::Unload,
};

/// A write in progress.
pub type Writing = Box<dyn Transaction<End = WriteEnd> + Send>;

/// Starts the write that `intent` describes. Call it only after the intent is on the disk. Where an earlier run of the
/// same intent may have sent its commit (a kill, an `Unknown`), call [`resolve`] instead.
///
/// `WrongCard` and `NotWritten` mean that this run sent nothing that counts. A card on which the same intent is done
/// already ends `Written` without a second write.
///
/// # Errors
/// A [`Message`] where the family is unknown or cannot do this; nothing was sent then.
pub fn begin(intent: &WriteIntent, profiles: &Profiles) -> Result<Writing, Message> {
    Ok(match intent {
        WriteIntent::Load { before, amount, terminal } => Box::new(Load::new(profiles, before, *amount, terminal)?),
        WriteIntent::Unload { before, amount, terminal } => Box::new(Unload::new(profiles, before, *amount, terminal)?),
        WriteIntent::PurchaseOfRest { before, amount, terminal } => Box::new(PurchaseOfRest::new(profiles, before, *amount, terminal)?),
        WriteIntent::Validate { before, until } => Box::new(Revalidate::new(profiles, before, *until)?),
        WriteIntent::Personalise { before, data } => Box::new(Personalise::new(profiles, before, data)?),
        WriteIntent::HolderClass { before, class } => Box::new(WriteHolderClass::new(profiles, before, *class)?),
        WriteIntent::Holder { before, name } => Box::new(UpdateHolder::new(profiles, before, name)?),
        WriteIntent::Block { before, to } => Box::new(SetBlock::new(profiles, before, *to)?),
    })
}

/// Decides a torn write of `intent` from the card that lies on the reader: written, not written or unknown. Sends
/// nothing that changes the card, so it may be repeated.
///
/// # Errors
/// A [`Message`] where the family is unknown.
pub fn resolve(intent: &WriteIntent, profiles: &Profiles) -> Result<Writing, Message> {
    Ok(Box::new(Resolve::new(intent, profiles)?))
}
