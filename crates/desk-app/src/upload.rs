//! Sends the journal to the centre in the background: signed over its head, acknowledged row by row, never skipped.

use desk_domain::code::{Code, Message};
use desk_wire::v1::{Reply, Request};

use crate::{
    desk::{Desk, Errand},
    ports::{Answered, LinkFailure, StoreFailure},
};

/// Most rows of one batch.
const MOST: u32 = 200;

impl Desk {
    /// Sends the next stretch, unless one is under way or nothing waits.
    pub(crate) async fn upload(&mut self) -> Result<(), StoreFailure> {
        if self.uploading || self.waiting == 0 || !self.line.online() {
            return Ok(());
        }
        let Some(mut batch) = self.store.next_batch(MOST).await? else {
            self.waiting = 0;
            return Ok(());
        };
        batch.signature = self.signer.sign(&batch.head);
        self.uploading = true;
        let id = self.draw();
        self.call(Errand::Upload, id, Request::Upload { batch });
        Ok(())
    }

    pub(crate) async fn upload_ended(&mut self, end: Result<Answered, LinkFailure>) -> Result<(), StoreFailure> {
        self.uploading = false;
        match end.map(|answered| answered.reply) {
            Ok(Reply::Uploaded { up_to, .. }) => {
                self.store.acknowledge(up_to).await?;
                self.waiting = self.store.waiting().await?;
                self.upload().await?;
                self.report_goes_on();
                Ok(())
            }
            Ok(Reply::Refused { message }) => {
                tracing::error!(code = message.code.as_str(), "upload refused");
                let restored = message.code == Code::DeviceRollback;
                self.report_stops(&message);
                if restored {
                    return Err(StoreFailure {
                        code: Code::DeviceRollback,
                        detail: "the centre has seen more of this journal than the disk holds".to_owned(),
                    });
                }
                self.notice = Some(message);
                Ok(())
            }
            Ok(_) => {
                self.report_stops(&Message::new(Code::CentreGarbled));
                Ok(())
            }
            Err(failure) => {
                self.report_stops(&Message::new(failure.code));
                Ok(())
            }
        }
    }
}
