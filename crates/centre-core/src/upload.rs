//! A stretch of a desk's journal: signed, chained to what the centre holds, taken once. A journal that forks or goes back
//! locks its desk.

use desk_domain::{
    code::{Code, Message},
    journal::{payload_hash, verify},
    posting::Balanced,
};
use desk_wire::{
    suite::{INTL, signed},
    v1::{Batch, Reply, Row},
};

use crate::{
    answer::{Answer, Step, Stop, refuse},
    centre::Call,
    number::local_day,
    record::{Book, Entry, Keep, KeptRow, SignedHead},
};

/// Hexadecimal digits of a payload key.
const KEY_DIGITS: usize = 64;

impl Call<'_> {
    pub(crate) async fn upload(&mut self, batch: &Batch) -> Step<Answer> {
        self.own_batch(batch)?;
        let device = &self.device;
        let Some(device) = self.tx.lock_device(&device.cell, &device.device).await? else {
            return refuse(Message::new(Code::DeviceUnknown));
        };
        // What was read without the lock may be older.
        if device.locked_at.is_some() || device.generation != batch.generation {
            return refuse(rollback("locked"));
        }
        self.device = device;
        let (at, head) = self.device.head.clone();
        let Some(first) = batch.rows.first() else {
            return Self::kept(Reply::Uploaded { up_to: at, head });
        };
        let first = first.header.sequence;
        if first == 0 || first > at.saturating_add(1) {
            // Batches may overtake each other; the missing one may still come, so this is not said for ever.
            return Err(Stop::Wait(rollback("gap").with("expected", at + 1).with("seen", first)));
        }
        let Some((known, new)) = usize::try_from(at + 1 - first)
            .ok()
            .map(|known| known.min(batch.rows.len()))
            .and_then(|known| batch.rows.split_at_checked(known))
        else {
            return refuse(rollback("gap"));
        };
        for row in known {
            let header = &row.header;
            let kept = self.tx.row_hash(&header.cell, &header.device, header.generation, header.sequence).await?;
            if kept.as_deref() != Some(&header.hash()) {
                return self.lock_device("fork").await;
            }
        }
        let chained = verify((at, head.clone()), new.iter().map(|row| &row.header));
        let Ok((up_to, new_head)) = chained else {
            return self.lock_device("fork").await;
        };
        let claimed = batch.rows.last().map(|row| row.header.hash());
        if claimed.as_deref() != Some(batch.head.as_str()) {
            return refuse(Message::new(Code::JournalBroken).with("where", "head"));
        }
        self.take(batch, new).await?;
        if up_to > at {
            self.device.head = (up_to, new_head.clone());
            self.tx.put_device(&self.device).await?;
            self.tx
                .add_head(&SignedHead {
                    cell: self.device.cell.clone(),
                    device: self.device.device.clone(),
                    generation: self.device.generation,
                    sequence: up_to,
                    hash: new_head.clone(),
                    suite: batch.suite.clone(),
                    public_key: self.device.public_key.clone(),
                    signature: batch.signature.clone(),
                    at: self.now,
                })
                .await?;
        }
        Self::kept(Reply::Uploaded { up_to, head: new_head })
    }

    /// Signed by this desk over rows of this desk and generation, each with the payload that its header names.
    fn own_batch(&self, batch: &Batch) -> Step<()> {
        let broken = |place: &str| refuse(Message::new(Code::JournalBroken).with("where", place));
        if batch.suite != INTL {
            return broken("suite");
        }
        let device = &self.device;
        if batch.device != device.device || batch.generation != device.generation {
            return broken("device");
        }
        if !signed(&device.public_key, &batch.head, &batch.signature) {
            return broken("signature");
        }
        for row in &batch.rows {
            let header = &row.header;
            if header.cell != device.cell || header.device != device.device || header.generation != device.generation {
                return broken("device");
            }
            let sealed = hex::decode(&row.sealed).map(|sealed| payload_hash(&sealed));
            if sealed.ok().as_deref() != Some(header.payload_hash.as_str()) {
                return broken("payload");
            }
            // The type says balanced, the wire does not.
            if Balanced::checked(header.postings.lines().to_vec()).is_err() {
                return broken("postings");
            }
        }
        for (_, key) in &batch.case_keys {
            if key.len() != KEY_DIGITS || hex::decode(key).is_err() {
                return broken("case key");
            }
        }
        Ok(())
    }

    async fn take(&mut self, batch: &Batch, rows: &[Row]) -> Step<()> {
        let cell = self.device.cell.clone();
        for (case, key) in &batch.case_keys {
            self.tx.put_case_key(&cell, *case, key).await?;
        }
        let kept: Vec<KeptRow> = rows
            .iter()
            .map(|row| KeptRow {
                row: row.clone(),
                hash: row.header.hash(),
                outlet: self.device.outlet.clone(),
                day: local_day(row.header.at),
            })
            .collect();
        self.tx.add_rows(&kept).await?;
        let entries: Vec<Entry> = kept.iter().flat_map(entries).collect();
        self.tx.post(&entries).await?;
        Ok(())
    }

    /// The desk's disk was restored or copied: what it writes from now on proves nothing.
    async fn lock_device(&mut self, why: &str) -> Step<Answer> {
        self.device.locked_at = Some(self.now);
        self.tx.put_device(&self.device).await?;
        Ok(Answer::Kept(Reply::Refused { message: rollback(why) }, Keep::Always))
    }
}

fn entries(kept: &KeptRow) -> impl Iterator<Item = Entry> {
    let header = &kept.row.header;
    header.postings.lines().iter().zip(0_u16..).map(move |(posting, line)| Entry {
        cell: header.cell.clone(),
        source: format!("{}/{}/{}", header.device, header.generation, header.sequence),
        line,
        book: Book::Desk,
        outlet: kept.outlet.clone(),
        day: kept.day,
        at: header.at,
        case: header.case,
        posting: posting.clone(),
    })
}

fn rollback(why: &str) -> Message {
    Message::new(Code::DeviceRollback).with("why", why)
}
